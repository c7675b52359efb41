package cli

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/stream"
)

func newDevicesCommand(p *program) *cobra.Command {
	cmd := &cobra.Command{Use: "devices", Short: "List, get and tag devices", Aliases: []string{"machines"}}
	cmd.AddCommand(newDevicesListCommand(p), newDevicesGetCommand(p), newDevicesTagCommand(p))
	return cmd
}

// deviceFilter are the filter flags of devices list. Each names a property of
// Microsoft's, so that it serves the service's filter and ours alike.
type deviceFilter struct {
	words          []*deviceWord // property eq 'word'
	since          *timeFlag
	name, tag, raw string
	group          string
	live           *bool
	limit          *limitFlag
}

// deviceWord is a flag whose value a property must equal.
type deviceWord struct {
	property string
	facet    string // its name in our API
	word     func() string
	of       func(defender.Machine) string
}

func newDevicesListCommand(p *program) *cobra.Command {
	f := &deviceFilter{}
	cmd := reads(&cobra.Command{
		Use: "list", Short: "List devices",
		Long: `List devices. The filters are Microsoft's and are applied by the service; they
combine with "and". --filter takes OData in Microsoft's own terms. With --tag
the service finds the tagged devices, and the other flags are applied here.` + mirrorHelp,
		Example: `  gatehouse devices list --risk High --health Active
  gatehouse devices list --output ndjson > devices.ndjson
  gatehouse devices list --tag vip --os Windows11
  gatehouse devices list --filter "exposureLevel eq 'High' and osPlatform ne 'Linux'"`,
		Args: wants(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			desk, err := p.devices()
			if err != nil {
				return err
			}
			return desk.list(cmd.Context(), f)
		},
	})
	type device = defender.Machine
	f.addEnum(cmd, "risk", "risk score", "riskScore", riskScores(), func(d device) string { return d.RiskScore })
	f.addEnum(cmd, "exposure", "exposure level", "exposureLevel", exposureLevels(), func(d device) string { return d.ExposureLevel })
	f.addEnum(cmd, "health", "health of the sensor", "healthStatus", healthStates(), func(d device) string { return d.HealthStatus })
	f.addEnum(cmd, "onboarding", "onboarding status", "onboardingStatus", onboardingStates(), func(d device) string { return d.OnboardingStatus })
	f.addEnum(cmd, "value", "device value", "deviceValue", wordsOf(defender.ValidDeviceValues()), func(d device) string { return string(d.DeviceValue) })
	f.addText(cmd, "os", "only this operating system `PLATFORM`, for example Windows11", "osPlatform", func(d device) string { return d.OSPlatform })
	_ = cmd.RegisterFlagCompletionFunc("os", cobra.FixedCompletions(osPlatforms(), cobra.ShellCompDirectiveNoFileComp))
	f.since = addTime(p, cmd, "since", "only devices seen at or after this `TIME`")
	flags := cmd.Flags()
	flags.StringVar(&f.name, "name", "", "only devices whose computer name begins with this `PREFIX`")
	flags.StringVar(&f.group, "group-id", "", "only devices of this device group `ID`")
	flags.StringVar(&f.tag, "tag", "", "only devices with this `TAG`")
	flags.StringVar(&f.raw, "filter", "", "OData `FILTER` in Microsoft's terms")
	f.live = addLive(cmd)
	f.limit = addLimit(cmd)
	return cmd
}

// The values that Microsoft documents for the properties of a device.
func riskScores() []string     { return []string{"None", "Informational", "Low", "Medium", "High"} }
func exposureLevels() []string { return []string{"None", "Low", "Medium", "High"} }
func healthStates() []string {
	return []string{"Active", "Inactive", "ImpairedCommunication", "NoSensorData", "NoSensorDataImpairedCommunication", "Unknown"}
}

func onboardingStates() []string {
	return []string{"Onboarded", "CanBeOnboarded", "Unsupported", "InsufficientInfo"}
}

// osPlatforms are offered for completion; Microsoft lists no closed set.
func osPlatforms() []string {
	return []string{"Windows10", "Windows11", "WindowsServer2016", "WindowsServer2019", "WindowsServer2022", "Linux", "macOS", "Android", "iOS"}
}

func (f *deviceFilter) addEnum(cmd *cobra.Command, name, usage, property string, valid []string, of func(defender.Machine) string) {
	flag := addEnum(cmd, name, "only this "+usage, valid)
	f.words = append(f.words, &deviceWord{property: property, facet: name, word: func() string { return flag.value }, of: of})
}

func (f *deviceFilter) addText(cmd *cobra.Command, name, usage, property string, of func(defender.Machine) string) {
	value := cmd.Flags().String(name, "", usage)
	f.words = append(f.words, &deviceWord{property: property, facet: name, word: func() string { return *value }, of: of})
}

// odata is the filter that Microsoft applies.
func (f *deviceFilter) odata() (defender.Filter, error) {
	group, err := wholeNumber("--group-id", f.group)
	if err != nil {
		return "", err
	}
	clauses := []defender.Filter{atLeast("lastSeen", f.since.at), group.equals("rbacGroupId")}
	if f.name != "" {
		clauses = append(clauses, defender.StartsWith("computerDnsName", strings.ToLower(f.name)))
	}
	for _, w := range f.words {
		clauses = append(clauses, equals(w.property, w.word()))
	}
	return and(f.raw, clauses...), nil
}

// graphToo says whether records of Graph have all that the filter asks for: they
// have no risk, and no id of a device group.
func (f *deviceFilter) graphToo() bool {
	for _, w := range f.words {
		if w.facet == "risk" && w.word() != "" {
			return false
		}
	}
	return f.group == ""
}

// matches is the same filter, applied here.
func (f *deviceFilter) matches(d defender.Machine) bool {
	for _, w := range f.words {
		if word := w.word(); word != "" && !strings.EqualFold(word, w.of(d)) {
			return false
		}
	}
	return (f.since.at.IsZero() || !d.LastSeen.Before(f.since.at)) &&
		strings.HasPrefix(strings.ToLower(d.ComputerDNSName), strings.ToLower(f.name)) &&
		(f.group == "" || string(d.RbacGroupID) == f.group) &&
		(f.tag == "" || slices.Contains(d.MachineTags, f.tag))
}

// deviceDesk is where devices are looked up and tagged.
type deviceDesk interface {
	list(ctx context.Context, f *deviceFilter) error
	get(ctx context.Context, idOrName string) (defender.Machine, error)
	tag(ctx context.Context, names []string, changes []tagChange) error
}

func (p *program) devices() (deviceDesk, error) {
	return at[deviceDesk](p, localDevices{p}, func(s *service) deviceDesk { return remoteDevices{s} })
}

// localDevices asks the mirror of this machine, or Microsoft.
type localDevices struct{ *program }

func (p localDevices) list(ctx context.Context, f *deviceFilter) error {
	filter, err := f.odata()
	if err != nil {
		return err
	}
	if f.tag != "" && f.raw != "" {
		return usagef("--tag cannot be combined with --filter: Microsoft finds tagged devices by a call of its own, which takes no filter")
	}
	answered, err := p.fromMirror(ctx, stream.Devices, *f.live || f.raw != "", f.graphToo(), func(m mirrored) error {
		return printList(ctx, p.program, deviceView(), itemsOf(ctx, m, f.matches), f.limit.rows)
	})
	if answered || err != nil {
		return err
	}
	client, err := p.useDefender()
	if err != nil {
		return err
	}
	rows := client.Machines.List(ctx, &defender.Query{Filter: filter, Top: f.limit.rows})
	if f.tag != "" {
		rows = keep(client.Machines.FindByTag(ctx, f.tag, false), f.matches)
	}
	return printList(ctx, p.program, deviceView(), rows, f.limit.rows)
}

// keep passes on the rows that are wanted, and every error.
func keep[T any](rows iter.Seq2[T, error], wanted func(T) bool) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for item, err := range rows {
			if (err != nil || wanted(item)) && !yield(item, err) {
				return
			}
		}
	}
}

func newDevicesGetCommand(p *program) *cobra.Command {
	return reads(&cobra.Command{
		Use: "get DEVICE", Short: "Show one device, by its id or exact computer name",
		Example: `  gatehouse devices get web-01.contoso.example
  gatehouse devices get 1e5bc9d7e413ddd7902c2932e418702b84d0cc07 --output json`,
		Args: wants("DEVICE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkDevice(args[0]); err != nil {
				return err
			}
			desk, err := p.devices()
			if err != nil {
				return err
			}
			device, err := desk.get(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return printOne(p, deviceView(), device)
		},
	})
}

func newDevicesTagCommand(p *program) *cobra.Command {
	var add, remove []string
	cmd := follows(&cobra.Command{
		Use: "tag DEVICE...", Short: "Add tags to devices or remove them",
		Long: `Add tags to devices or remove them, and print the devices as they are afterwards.
Devices are found by id or exact computer name, all of them before anything is
changed. Tags that are not named stay as they are.` + remoteChangeHelp,
		Example: `  gatehouse devices tag web-01.contoso.example --add vip
  gatehouse devices tag ID1 ID2 --add quarantine --remove vip`,
		Args: wants("DEVICE..."),
	})
	cmd.Flags().StringArrayVar(&add, "add", nil, "`TAG` to add (repeatable)")
	cmd.Flags().StringArrayVar(&remove, "remove", nil, "`TAG` to remove (repeatable)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		changes, err := tagChanges(add, remove)
		if err != nil {
			return err
		}
		for _, device := range args {
			if err := checkDevice(device); err != nil {
				return err
			}
		}
		desk, err := p.devices()
		if err != nil {
			return err
		}
		return desk.tag(cmd.Context(), args, changes)
	}
	return cmd
}

// tagChange is one tag to add or remove.
type tagChange struct {
	tag    string
	action defender.TagAction
}

// maxTag is how long a tag may be. Microsoft's page of the portal says 200
// characters; the page of the API says nothing.
const maxTag = 200

func tagChanges(add, remove []string) ([]tagChange, error) {
	if len(add)+len(remove) == 0 {
		return nil, usagef("nothing to change: give --add or --remove")
	}
	var changes []tagChange
	for action, tags := range map[defender.TagAction][]string{defender.TagAdd: add, defender.TagRemove: remove} {
		for _, tag := range tags {
			if strings.TrimSpace(tag) == "" || len(tag) > maxTag || tag != printable(tag) {
				return nil, usagef("%q is not a tag: give 1 to %d characters that can be printed", tag, maxTag)
			}
			changes = append(changes, tagChange{tag, action})
		}
	}
	for _, tag := range add {
		if slices.Contains(remove, tag) {
			return nil, usagef("tag %q is to be both added and removed: decide for one", tag)
		}
	}
	// Removals last, so that a device is never without the tag that replaces another.
	slices.SortStableFunc(changes, func(a, b tagChange) int { return strings.Compare(string(a.action), string(b.action)) })
	return changes, nil
}

func (p localDevices) get(ctx context.Context, idOrName string) (defender.Machine, error) {
	client, err := p.useDefender()
	if err != nil {
		return defender.Machine{}, err
	}
	return findDevice(ctx, client, idOrName)
}

func (p localDevices) tag(ctx context.Context, names []string, changes []tagChange) error {
	client, err := p.useDefender()
	if err != nil {
		return err
	}
	var ids []string
	for _, name := range names {
		device, err := findDevice(ctx, client, name)
		if err != nil {
			return err
		}
		if !slices.Contains(ids, device.ID) {
			ids = append(ids, device.ID)
		}
	}
	if len(ids) == 1 {
		return p.tagOne(ctx, client, ids[0], changes)
	}
	return p.tagMany(ctx, client, ids, changes)
}

func (p *program) tagOne(ctx context.Context, client *defender.Client, id string, changes []tagChange) error {
	var device defender.Machine
	var err error
	for _, change := range changes {
		device, err = client.Machines.Tag(ctx, id, change.tag, change.action)
		if err != nil && !isDecodeError(err) {
			return err
		}
	}
	return printOne(p, deviceView(), device)
}

func (p *program) tagMany(ctx context.Context, client *defender.Client, ids []string, changes []tagChange) error {
	for batch := range slices.Chunk(ids, defender.MaxTagMany) {
		for _, change := range changes {
			if _, err := client.Machines.TagMany(ctx, batch, change.tag, change.action); err != nil && !isDecodeError(err) {
				return err
			}
		}
	}
	p.sayf("%s", taggedText(len(changes), len(ids)))
	return nil
}

// taggedText says what was done to several devices.
func taggedText(tags, devices int) string {
	return fmt.Sprintf("changed %s on %s", plural(tags, "tag"), plural(devices, "device"))
}

func deviceView() view[defender.Machine] {
	type device = defender.Machine
	return view[device]{
		noun: "devices",
		columns: []column[device]{
			field("id", "Id", func(d device) string { return d.ID }).dropped(4),
			field("computerDnsName", "Name", func(d device) string { return d.ComputerDNSName }).flexible(),
			field("riskScore", "Risk", func(d device) string { return d.RiskScore }).toned(),
			field("exposureLevel", "Exposure", func(d device) string { return d.ExposureLevel }).toned().dropped(7),
			field("healthStatus", "Health", func(d device) string { return d.HealthStatus }).toned().dropped(8),
			field("osPlatform", "OS", func(d device) string { return d.OSPlatform }).dropped(6),
			field("version", "Version", func(d device) string { return d.Version }).dropped(3),
			moment("lastSeen", "Last seen", func(d device) defender.Time { return d.LastSeen }).dropped(5),
			field("machineTags", "Tags", func(d device) string { return listed(d.MachineTags) }).flexible().dropped(2),
			field("rbacGroupName", "Group", func(d device) string { return d.RbacGroupName }).dropped(1),
			field("rbacGroupId", "", func(d device) string { return string(d.RbacGroupID) }),
			field("deviceValue", "", func(d device) string { return string(d.DeviceValue) }),
			field("onboardingStatus", "", func(d device) string { return d.OnboardingStatus }),
			moment("firstSeen", "", func(d device) defender.Time { return d.FirstSeen }),
			field("lastIpAddress", "", func(d device) string { return d.LastIPAddress }),
			field("lastExternalIpAddress", "", func(d device) string { return d.LastExternalIPAddress }),
			field("osBuild", "", func(d device) string { return idText(d.OSBuild) }),
			field("osArchitecture", "", func(d device) string { return d.OSArchitecture }),
			field("agentVersion", "", func(d device) string { return d.AgentVersion }),
			field("defenderAvStatus", "", func(d device) string { return d.DefenderAVStatus }),
			field("aadDeviceId", "", func(d device) string { return d.AADDeviceID }),
			field("isAadJoined", "", func(d device) string { return strconv.FormatBool(d.IsAADJoined) }),
			field("managedBy", "", func(d device) string { return d.ManagedBy }),
		},
		raw: func(d device) jsontext.Value { return d.Raw },
	}
}
