package emulator

type huntingStore struct{}

func huntingRoutes() []route { return nil }

func (t *tenant) hasEvent(machine int32, at stamp, report string) bool { return true }
