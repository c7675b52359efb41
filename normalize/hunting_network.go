package normalize

import (
	"strings"

	"github.com/gatehouse-sec/gatehouse/ocsf"
)

// networkActions are the actions of DeviceNetworkEvents, and those of DeviceEvents
// that are about a connection.
var networkActions = []word[ocsf.NetworkActivityID]{
	{"ConnectionSuccess", ocsf.NetworkActivityOpen},
	{"ConnectionAcknowledged", ocsf.NetworkActivityOpen},
	{"ConnectionFailed", ocsf.NetworkActivityFail},
	{"InboundConnectionAccepted", ocsf.NetworkActivityOpen},
	{"InboundInternetScanInspected", ocsf.NetworkActivityTraffic},
	{"InboundConnectionBlocked", ocsf.NetworkActivityRefuse},
	{"ListeningConnectionCreated", ocsf.NetworkActivityListen},
	{"NetworkSignatureInspected", ocsf.NetworkActivityTraffic},
	{"HttpConnectionInspected", ocsf.NetworkActivityTraffic},
	{"DnsConnectionInspected", ocsf.NetworkActivityTraffic},
	{"SslConnectionInspected", ocsf.NetworkActivityTraffic},
	{"SshConnectionInspected", ocsf.NetworkActivityTraffic},
	{"SmtpConnectionInspected", ocsf.NetworkActivityTraffic},
	{"FtpConnectionInspected", ocsf.NetworkActivityTraffic},
	{"IcmpConnectionInspected", ocsf.NetworkActivityTraffic},
	{"NtlmAuthenticationInspected", ocsf.NetworkActivityTraffic},
	{"FirewallInboundConnectionBlocked", ocsf.NetworkActivityRefuse},
	{"FirewallInboundConnectionToAppBlocked", ocsf.NetworkActivityRefuse},
	{"FirewallOutboundConnectionBlocked", ocsf.NetworkActivityRefuse},
	{"ExploitGuardNetworkProtectionBlocked", ocsf.NetworkActivityRefuse},
	{"ExploitGuardNetworkProtectionAudited", ocsf.NetworkActivityTraffic},
	{"DnsQueryResponse", ocsf.NetworkActivityTraffic},
	{"LdapSearch", ocsf.NetworkActivityTraffic},
}

// network maps a row of DeviceNetworkEvents, or one of DeviceEvents that is about a
// connection.
func (r *huntedRow) network() ocsf.Event {
	r.profiles = append(r.profiles, "host")
	local, remote := r.localEndpoint(), r.remoteEndpoint()
	event := &ocsf.NetworkActivity{Device: r.device, Actor: r.actor, SrcEndpoint: local, DstEndpoint: remote, ConnectionInfo: r.connection()}
	event.ActivityID, event.ActivityName = activityOf(r, networkActions)
	if event.ConnectionInfo.DirectionID == ocsf.ConnectionDirectionInbound {
		event.SrcEndpoint, event.DstEndpoint = remote, local
	}
	switch event.ActivityID {
	case ocsf.NetworkActivityFail:
		event.StatusID = ocsf.Some(ocsf.StatusFailure)
	case ocsf.NetworkActivityOpen:
		event.StatusID = ocsf.Some(ocsf.StatusSuccess)
	}
	if event.URL = r.remoteURL(); event.URL != nil {
		r.seen.add(ocsf.ObservableTypeURLString, "url.url_string", event.URL.URLString)
	}
	r.showEndpoint("src_endpoint", event.SrcEndpoint)
	r.showEndpoint("dst_endpoint", event.DstEndpoint)
	event.Message = r.sentence(destination(remote, event.URL))
	return event
}

// scopes are the kinds of address. OCSF has two; Loopback, Teredo and the like are
// Other.
var scopes = []word[ocsf.NetworkScopeID]{
	{"Private", ocsf.NetworkScopeInternal},
	{"Public", ocsf.NetworkScopeExternal},
}

// localEndpoint is the device's own end of a connection.
func (r *huntedRow) localEndpoint() *ocsf.NetworkEndpoint {
	e := &ocsf.NetworkEndpoint{IP: r.valid("LocalIP", ocsf.ValidIP), Port: r.port("LocalPort"), UID: r.device.UID, Hostname: r.device.Hostname}
	e.NetworkScopeID, e.NetworkScope = r.scope("LocalIPType")
	if e.IP == "" && e.UID == "" && e.Hostname == "" {
		e.Name = first(r.device.Name, "unknown")
	}
	return e
}

// remoteEndpoint is the other end of a connection, nil when the row does not tell.
func (r *huntedRow) remoteEndpoint() *ocsf.NetworkEndpoint {
	e := &ocsf.NetworkEndpoint{IP: r.valid("RemoteIP", ocsf.ValidIP), Name: r.text("RemoteDeviceName")}
	if host := r.peek("RemoteUrl"); host != "" && ocsf.ValidHostname(host) && !ocsf.ValidIP(host) {
		e.Hostname = r.text("RemoteUrl")
	}
	if e.IP == "" && e.Hostname == "" && e.Name == "" {
		return nil
	}
	e.Port = r.port("RemotePort")
	e.NetworkScopeID, e.NetworkScope = r.scope("RemoteIPType")
	return e
}

// remoteURL reads RemoteUrl where it is more than a host.
func (r *huntedRow) remoteURL() *ocsf.URL {
	text := r.peek("RemoteUrl")
	if text == "" || ocsf.ValidHostname(text) || !ocsf.ValidURL(text) {
		return nil
	}
	return &ocsf.URL{URLString: r.text("RemoteUrl")}
}

// port reads the number of a port. 0 stands for none.
func (r *huntedRow) port(name string) ocsf.Opt[int64] {
	n, ok := r.integer(name).Get()
	if !ok || n <= 0 || n > 65535 {
		r.member(name).unmark()
		return ocsf.Opt[int64]{}
	}
	return ocsf.Int(n)
}

// scope reads where an address is from.
func (r *huntedRow) scope(name string) (ocsf.Opt[ocsf.NetworkScopeID], string) {
	text := r.text(name)
	if text == "" {
		return ocsf.Opt[ocsf.NetworkScopeID]{}, ""
	}
	id, caption := translate(scopes, text)
	return ocsf.Some(id), caption
}

// connection reads the protocol, and the direction where the action tells.
func (r *huntedRow) connection() *ocsf.NetworkConnectionInfo {
	c := &ocsf.NetworkConnectionInfo{ProtocolName: strings.ToLower(r.text("Protocol"))}
	switch {
	case strings.HasPrefix(c.ProtocolName, "tcp"): // Tcp, TcpV4, TcpV6
		c.ProtocolNum = ocsf.Int(6)
	case strings.HasPrefix(c.ProtocolName, "udp"):
		c.ProtocolNum = ocsf.Int(17)
	}
	switch {
	case strings.Contains(r.action, "Inbound"), r.action == "ListeningConnectionCreated":
		c.DirectionID = ocsf.ConnectionDirectionInbound
	case r.action == "ConnectionSuccess", r.action == "ConnectionFailed", strings.Contains(r.action, "Outbound"):
		c.DirectionID = ocsf.ConnectionDirectionOutbound
	}
	return c
}

// showEndpoint notes what an end of a connection is known by.
func (r *huntedRow) showEndpoint(path string, e *ocsf.NetworkEndpoint) {
	if e == nil {
		return
	}
	r.seen.endpoint(path+".ip", e)
	r.seen.add(ocsf.ObservableTypeHostname, path+".hostname", e.Hostname)
}

// destination names the other end for a message.
func destination(e *ocsf.NetworkEndpoint, u *ocsf.URL) string {
	if u != nil {
		return u.URLString
	}
	if e == nil {
		return ""
	}
	text := first(e.Hostname, e.IP, e.Name)
	if port, ok := e.Port.Get(); ok {
		text = joinPort(text, port)
	}
	return text
}
