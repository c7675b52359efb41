package action_test

import (
	"fmt"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/action"
)

func Example() {
	isolate, _, _ := action.ByName("isolate")
	parameters, _ := isolate.Normalize(map[string]string{"type": "selective"})
	fmt.Println(isolate.Title, parameters, isolate.Risk)

	held := []gatehouse.Permission{{Resource: gatehouse.ResourceMDE, Name: "Machine.Isolate"}}
	_, reason, ok := isolate.Pick(held, "")
	fmt.Println(ok, reason)

	fmt.Println(isolate.Validate(map[string]string{"type": "a little"}))
	// Output:
	// Isolate a device map[type:Selective] dangerous
	// false grant Machine.Read.All on WindowsDefenderATP (application permission, with admin consent)
	// type "a little" is not valid: use Full, Selective
}
