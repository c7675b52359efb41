package cli

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/gatehouse-sec/gatehouse/defender"
)

// errNoDevice says that no device goes by a name.
var errNoDevice = errors.New("no such device")

// deviceID matches the id of a device: 40 hexadecimal digits, 32 in old tenants.
func deviceID() *regexp.Regexp { return regexp.MustCompile(`^([0-9a-fA-F]{40}|[0-9a-fA-F]{32})$`) }

// findDevice finds one device by its id or its exact computer name. A name that
// several devices bear is refused with their ids: the reinstalled machine and
// its former self bear the same name, and only one of them is meant.
func findDevice(ctx context.Context, client *defender.Client, idOrName string) (defender.Machine, error) {
	idOrName = strings.TrimSpace(idOrName)
	if err := checkDevice(idOrName); err != nil {
		return defender.Machine{}, err
	}
	if deviceID().MatchString(idOrName) {
		device, err := client.Machines.Get(ctx, strings.ToLower(idOrName))
		if isDecodeError(err) {
			err = nil
		}
		return device, err
	}
	found, err := devicesNamed(ctx, client, idOrName)
	if err != nil {
		return defender.Machine{}, err
	}
	switch len(found) {
	case 0:
		return defender.Machine{}, fmt.Errorf("%w: %q is neither the id nor the exact computer name of one "+
			"(gatehouse devices list --name %s finds names that begin so)", errNoDevice, idOrName, idOrName)
	case 1:
		return found[0], nil
	}
	return defender.Machine{}, ambiguous(idOrName, found)
}

// checkDevice refuses what can be neither an id nor a name.
func checkDevice(idOrName string) error {
	if regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.\-]{0,254}$`).MatchString(idOrName) {
		return nil
	}
	return usagef("%q is not a device: give its id (40 hexadecimal digits) or its exact computer name", idOrName)
}

// devicesNamed reads the devices of that name; Microsoft keeps names in lower
// case, people do not.
func devicesNamed(ctx context.Context, client *defender.Client, name string) ([]defender.Machine, error) {
	var found []defender.Machine
	for device, err := range client.Machines.List(ctx, &defender.Query{Filter: defender.Eq("computerDnsName", strings.ToLower(name))}) {
		if err != nil && !isDecodeError(err) {
			return nil, err
		}
		found = append(found, device)
	}
	return found, nil
}

func ambiguous(name string, found []defender.Machine) error {
	const most = 5
	var candidates []string
	for _, device := range found[:min(most, len(found))] {
		candidates = append(candidates, fmt.Sprintf("%s (%s, last seen %s)", device.ID, device.HealthStatus, shortTime(timeText(device.LastSeen))))
	}
	if len(found) > most {
		candidates = append(candidates, "…")
	}
	return usagef("%d devices are named %s: give the id of one: %s", len(found), name, strings.Join(candidates, ", "))
}
