package normalize

import (
	"net"
	"strconv"

	"github.com/gatehouse-sec/gatehouse/ocsf"
)

// logonActions are the actions of DeviceLogonEvents.
var logonActions = []word[ocsf.AuthenticationActivityID]{
	{"LogonSuccess", ocsf.AuthenticationActivityLogon},
	{"LogonFailed", ocsf.AuthenticationActivityLogon},
	{"LogonAttempted", ocsf.AuthenticationActivityLogon},
	{"Logoff", ocsf.AuthenticationActivityLogoff},
}

// logonTypes are the types of logon of Windows. "Remote interactive (RDP)" is how
// the page writes RemoteInteractive.
var logonTypes = []word[ocsf.LogonTypeID]{
	{"System", ocsf.LogonTypeSystem},
	{"Interactive", ocsf.LogonTypeInteractive},
	{"Network", ocsf.LogonTypeNetwork},
	{"Batch", ocsf.LogonTypeBatch},
	{"Service", ocsf.LogonTypeOSService},
	{"Unlock", ocsf.LogonTypeUnlock},
	{"NetworkCleartext", ocsf.LogonTypeNetworkCleartext},
	{"NewCredentials", ocsf.LogonTypeNewCredentials},
	{"RemoteInteractive", ocsf.LogonTypeRemoteInteractive},
	{"Remote interactive (RDP)", ocsf.LogonTypeRemoteInteractive},
	{"CachedInteractive", ocsf.LogonTypeCachedInteractive},
	{"CachedRemoteInteractive", ocsf.LogonTypeCachedRemoteInteractive},
	{"CachedUnlock", ocsf.LogonTypeCachedUnlock},
	{"Unknown", ocsf.LogonTypeUnknown},
}

// authProtocols are the protocols that OCSF has a number for.
var authProtocols = []word[ocsf.AuthProtocolID]{
	{"NTLM", ocsf.AuthProtocolNTLM},
	{"Kerberos", ocsf.AuthProtocolKerberos},
	{"Digest", ocsf.AuthProtocolDigest},
	{"LDAP", ocsf.AuthProtocolLDAP},
	{"Unknown", ocsf.AuthProtocolUnknown},
}

// logon maps a row of DeviceLogonEvents.
func (r *huntedRow) logon() ocsf.Event {
	r.profiles = append(r.profiles, "host")
	event := &ocsf.Authentication{
		Device: r.device, Actor: r.actor, User: r.accountOf(&huntedAccountNames), SrcEndpoint: r.remoteEndpoint(), DstEndpoint: r.logonTarget(),
		StatusDetail: r.text("FailureReason"),
	}
	event.ActivityID, event.ActivityName = activityOf(r, logonActions)
	if event.User == nil {
		event.User = &ocsf.User{Name: "unknown"}
	}
	if admin, ok := r.flag("IsLocalAdmin").Get(); ok {
		event.User.TypeID = ocsf.Some(ocsf.UserTypeUser)
		if admin {
			event.User.TypeID = ocsf.Some(ocsf.UserTypeAdmin)
		}
		r.member("IsLocalAdmin").unmark() // an administrator of this device alone
	}
	if uid := r.text("LogonId"); uid != "" {
		event.Session = &ocsf.Session{UID: uid}
	}
	if text := r.text("LogonType"); text != "" {
		id, caption := translate(logonTypes, text)
		event.LogonTypeID, event.LogonType, event.IsRemote = ocsf.Some(id), caption, remoteLogon(id)
	}
	if text := r.text("Protocol"); text != "" {
		id, caption := translate(authProtocols, text)
		event.AuthProtocolID, event.AuthProtocol = ocsf.Some(id), caption
	}
	event.StatusID = logonStatus(r.action)
	r.seen.user("user", event.User)
	r.showEndpoint("src_endpoint", event.SrcEndpoint)
	who := first(event.User.Name, event.User.UID)
	if from := destination(event.SrcEndpoint, nil); from != "" {
		who += " from " + from
	}
	event.Message = r.sentence(who)
	return event
}

// logonTarget is the device as the place where a user logs on.
func (r *huntedRow) logonTarget() *ocsf.NetworkEndpoint {
	return &ocsf.NetworkEndpoint{UID: r.device.UID, Hostname: r.device.Hostname, Name: r.device.Name}
}

// logonStatus tells how a logon ended.
func logonStatus(action string) ocsf.Opt[ocsf.StatusID] {
	switch action {
	case "LogonSuccess":
		return ocsf.Some(ocsf.StatusSuccess)
	case "LogonFailed":
		return ocsf.Some(ocsf.StatusFailure)
	default:
		return ocsf.Opt[ocsf.StatusID]{}
	}
}

// remoteLogon tells whether a type of logon comes from elsewhere.
func remoteLogon(id ocsf.LogonTypeID) ocsf.Opt[bool] {
	switch id {
	case ocsf.LogonTypeNetwork, ocsf.LogonTypeNetworkCleartext, ocsf.LogonTypeRemoteInteractive, ocsf.LogonTypeCachedRemoteInteractive:
		return ocsf.Bool(true)
	case ocsf.LogonTypeInteractive, ocsf.LogonTypeUnlock, ocsf.LogonTypeCachedInteractive, ocsf.LogonTypeCachedUnlock:
		return ocsf.Bool(false)
	default:
		return ocsf.Opt[bool]{}
	}
}

// joinPort puts a port behind a host.
func joinPort(host string, port int64) string {
	return net.JoinHostPort(host, strconv.FormatInt(port, 10))
}
