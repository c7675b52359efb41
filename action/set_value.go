package action

import (
	"context"
	"fmt"
	"strings"

	"github.com/gatehouse-sec/gatehouse/defender"
)

// setValue says how much a device is worth.
func setValue() Action {
	change := deviceChange{
		send: func(ctx context.Context, s *defender.MachinesService, r Request) error {
			_, err := s.SetDeviceValue(ctx, r.Target, defender.DeviceValue(r.Parameters["value"]))
			return err
		},
		as: func(m defender.Machine, r Request) (string, bool) {
			return fmt.Sprintf("the device's value is %q", string(m.DeviceValue)), strings.EqualFold(string(m.DeviceValue), r.Parameters["value"])
		},
	}
	return Action{
		Name: "set-value", Title: "Set the value of a device", Target: Device, Docs: mdeDocs + "set-device-value",
		Summary: "Say how much a device is worth; it weighs in the exposure score.",
		Risk:    Low, Why: "The exposure score changes, and can be set back.",
		Parameters: []Parameter{{
			Name: "value", Title: "Value", Kind: Enum, Required: true, Values: texts(defender.ValidDeviceValues()), Doc: "Normal is what every device has at first.",
		}},
		Doors: []Door{change.door()},
	}
}
