package normalize

import (
	"strings"

	"github.com/gatehouse-sec/gatehouse/ocsf"
)

// platform is what the beginning of a platform's name tells.
type platform struct {
	prefix string // in small letters
	system ocsf.OSTypeID
	device ocsf.DeviceTypeID // zero: the platform does not tell
}

// platforms are in the order in which they are tried.
var platforms = []platform{
	{"windowsserver", ocsf.OSTypeWindows, ocsf.DeviceTypeServer},
	{"windowsphone", ocsf.OSTypeWindowsMobile, ocsf.DeviceTypeMobile},
	{"windows", ocsf.OSTypeWindows, 0},
	{"macos", ocsf.OSTypeMacOS, 0},
	{"ios", ocsf.OSTypeIOS, ocsf.DeviceTypeMobile},
	{"ipados", ocsf.OSTypeIPadOS, ocsf.DeviceTypeTablet},
	{"android", ocsf.OSTypeAndroid, ocsf.DeviceTypeMobile},
	{"solaris", ocsf.OSTypeSolaris, 0},
	{"aix", ocsf.OSTypeAIX, 0},
	{"linux", ocsf.OSTypeLinux, 0},
	{"ubuntu", ocsf.OSTypeLinux, 0},
	{"debian", ocsf.OSTypeLinux, 0},
	{"redhat", ocsf.OSTypeLinux, 0},
	{"centos", ocsf.OSTypeLinux, 0},
	{"fedora", ocsf.OSTypeLinux, 0},
	{"suse", ocsf.OSTypeLinux, 0},
	{"oraclelinux", ocsf.OSTypeLinux, 0},
	{"amazonlinux", ocsf.OSTypeLinux, 0},
}

// platformOf finds a platform by its name.
func platformOf(name string) (platform, bool) {
	name = strings.ToLower(strings.ReplaceAll(name, " ", ""))
	for _, p := range platforms {
		if strings.HasPrefix(name, p.prefix) {
			return p, true
		}
	}
	return platform{}, false
}

// operatingSystem reads the operating system of a device. Without a platform
// there is none: OCSF wants a name.
func operatingSystem(r row) *ocsf.OS {
	name := r.text("osPlatform")
	if name == "" {
		return nil
	}
	system := &ocsf.OS{Name: name, Build: r.text("osBuild"), Version: r.text("osVersion")}
	if system.Version == "" {
		system.Version = r.text("version") // of Windows, for example 21H2
	}
	if p, ok := platformOf(name); ok {
		system.TypeID = p.system
	} else {
		system.TypeID, system.Type = ocsf.OSTypeOther, ownWord(name)
	}
	return system
}

// processors are the architectures that OCSF has.
var processors = []word[ocsf.CPUArchitectureID]{
	{"x64", ocsf.CPUArchitectureX86},
	{"x86", ocsf.CPUArchitectureX86},
	{"amd64", ocsf.CPUArchitectureX86},
	{"arm", ocsf.CPUArchitectureARM},
	{"arm64", ocsf.CPUArchitectureARM},
	{"aarch64", ocsf.CPUArchitectureARM},
}

// hardware reads what is known of the processor. An architecture is written as
// 64-bit by devices, as x64 by rows of vulnerabilities.
func hardware(r row) *ocsf.DeviceHWInfo {
	hw := &ocsf.DeviceHWInfo{CPUType: r.text("osProcessor"), UUID: r.valid("hardwareUuid", ocsf.ValidUUID)}
	switch r.peek("osArchitecture") {
	case "64-bit":
		hw.CPUBits = ocsf.Int(64)
	case "32-bit":
		hw.CPUBits = ocsf.Int(32)
	default:
		if hw.CPUType == "" {
			hw.CPUType = r.text("osArchitecture")
		}
	}
	if _, ok := hw.CPUBits.Get(); ok {
		r.member("osArchitecture").mark()
	}
	if id, caption := translate(processors, hw.CPUType); caption == "" {
		hw.CPUArchitectureID = some(id)
	}
	return hw
}
