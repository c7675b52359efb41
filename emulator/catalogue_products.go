package emulator

// osMask is a set of operating systems.
type osMask uint8

// The operating systems of generated devices, one bit each.
const (
	osWindows10 osMask = 1 << iota
	osWindows11
	osServer2019
	osServer2022
	osLinux
	osMacOS

	osClients = osWindows10 | osWindows11
	osServers = osServer2019 | osServer2022
	osWindows = osClients | osServers
	osDesktop = osClients | osMacOS
	osAny     = osWindows | osLinux | osMacOS
)

// platform is one operating system as each API names it.
type platform struct {
	mask         osMask
	platform     string // osPlatform
	version      string // version: feature release of Windows, "" where there is none
	build        int64  // osBuild
	product      string // its own entry in the software catalogue
	distribution string // DeviceInfo.OSDistribution
	title        string // DeviceInfo.OSVersionInfo
	share        int    // share of devices, in percent
}

// platforms is the mix of operating systems of a generated tenant.
func platforms() []platform {
	return []platform{
		{osWindows11, "Windows11", "23H2", 22631, "windows_11", "Windows11", "23H2", 42},
		{osWindows10, "Windows10", "22H2", 19045, "windows_10", "Windows10", "22H2", 24},
		{osServer2022, "WindowsServer2022", "21H2", 20348, "windows_server_2022", "WindowsServer2022", "21H2", 10},
		{osServer2019, "WindowsServer2019", "1809", 17763, "windows_server_2019", "WindowsServer2019", "1809", 7},
		{osLinux, "Linux", "Other", 0, "ubuntu_linux", "Ubuntu", "22.04", 9},
		{osMacOS, "macOS", "Other", 0, "macos", "macOS", "14", 8},
	}
}

// seedProduct is one line of the built-in software list.
type seedProduct struct {
	vendor, name, title string
	os                  osMask
	share               int      // of the devices that can have it, in percent
	versions            string   // oldest to newest, blank between
	path                string   // where it lies on disk
	weakness            weakness // what its flaws tend to be
	kb                  bool     // fixed by a Microsoft security update
}

// seedProducts is the built-in software list: common products under the names that the vulnerability catalogue uses.
func seedProducts() []seedProduct {
	return append(seedSystems(), append(seedMicrosoft(), append(seedWindowsApps(), seedOpenSource()...)...)...)
}

// seedSystems lists the operating systems; each device has exactly one, the one of its platform.
func seedSystems() []seedProduct {
	return []seedProduct{
		{"microsoft", "windows_11", "Windows 11", osWindows11, 100, "10.0.22631.3007 10.0.22631.3593 10.0.22631.3880 10.0.22631.4169 10.0.22631.4460 10.0.22631.5039", `C:\Windows\System32\ntoskrnl.exe`, weakPrivilege, true},
		{"microsoft", "windows_10", "Windows 10", osWindows10, 100, "10.0.19045.3930 10.0.19045.4412 10.0.19045.4651 10.0.19045.4894 10.0.19045.5131 10.0.19045.5796", `C:\Windows\System32\ntoskrnl.exe`, weakPrivilege, true},
		{"microsoft", "windows_server_2022", "Windows Server 2022", osServer2022, 100, "10.0.20348.2227 10.0.20348.2461 10.0.20348.2582 10.0.20348.2700 10.0.20348.2849 10.0.20348.3453", `C:\Windows\System32\ntoskrnl.exe`, weakRemote, true},
		{"microsoft", "windows_server_2019", "Windows Server 2019", osServer2019, 100, "10.0.17763.5329 10.0.17763.5820 10.0.17763.6054 10.0.17763.6293 10.0.17763.6532 10.0.17763.7136", `C:\Windows\System32\ntoskrnl.exe`, weakRemote, true},
		{"canonical", "ubuntu_linux", "Ubuntu Linux", osLinux, 100, "20.04.4 20.04.6 22.04.2 22.04.3 22.04.4 22.04.5", "/boot/vmlinuz", weakPrivilege, false},
		{"apple", "macos", "macOS", osMacOS, 100, "13.4.1 13.6.3 14.1.2 14.4.1 14.6.1 14.7.5", "/System/Library/CoreServices/SystemVersion.plist", weakPrivilege, false},
	}
}

// seedMicrosoft lists Microsoft's products beside the systems.
func seedMicrosoft() []seedProduct {
	return []seedProduct{
		{"microsoft", "edge_chromium-based", "Microsoft Edge", osDesktop, 97, "118.0.2088.76 120.0.2210.144 122.0.2365.92 124.0.2478.97 126.0.2592.113 131.0.2903.86", `C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe`, weakBrowser, false},
		{"microsoft", "office", "Microsoft 365 Apps", osDesktop, 88, "16.0.16731.20600 16.0.17126.20132 16.0.17531.20140 16.0.17830.20166 16.0.18129.20158", `C:\Program Files\Microsoft Office\root\Office16\WINWORD.EXE`, weakDocument, false},
		{"microsoft", "teams", "Microsoft Teams", osDesktop, 82, "1.6.00.35961 23306.3314.2555.9628 24102.2223.2870.9480 24215.1007.3082.1590", `C:\Program Files\WindowsApps\MSTeams\ms-teams.exe`, weakClient, false},
		{"microsoft", "onedrive", "Microsoft OneDrive", osDesktop, 78, "23.246.1127.2 24.020.0128.3 24.151.0728.3 24.201.1006.5", `C:\Program Files\Microsoft OneDrive\OneDrive.exe`, weakPrivilege, false},
		{"microsoft", ".net_framework", ".NET Framework", osWindows, 90, "4.6.1 4.7.2 4.8 4.8.1", `C:\Windows\Microsoft.NET\Framework64\v4.0.30319\clr.dll`, weakRemote, true},
		{"microsoft", ".net", ".NET", osAny, 34, "6.0.24 6.0.33 8.0.1 8.0.8 8.0.11", `C:\Program Files\dotnet\dotnet.exe`, weakDenial, false},
		{"microsoft", "visual_studio_code", "Visual Studio Code", osDesktop | osLinux, 26, "1.79.2 1.85.1 1.90.2 1.95.3", `C:\Program Files\Microsoft VS Code\Code.exe`, weakClient, false},
		{"microsoft", "powershell", "PowerShell", osAny, 30, "7.2.17 7.3.10 7.4.2 7.4.6", `C:\Program Files\PowerShell\7\pwsh.exe`, weakPrivilege, false},
		{"microsoft", "sql_server_2019", "SQL Server 2019", osServers, 22, "15.0.2000.5 15.0.4345.5 15.0.4375.4 15.0.4410.1", `C:\Program Files\Microsoft SQL Server\MSSQL15.MSSQLSERVER\MSSQL\Binn\sqlservr.exe`, weakRemote, true},
		{"microsoft", "exchange_server_2019", "Exchange Server 2019", osServers, 6, "15.2.1258.12 15.2.1258.28 15.2.1544.4 15.2.1544.14", `C:\Program Files\Microsoft\Exchange Server\V15\Bin\Microsoft.Exchange.Store.Worker.exe`, weakRemote, true},
		{"microsoft", "remote_desktop", "Remote Desktop client", osWindows, 24, "1.2.4677.0 1.2.5105.0 1.2.5560.0 1.2.5802.0", `C:\Program Files\Remote Desktop\msrdc.exe`, weakClient, false},
		{"microsoft", "sysmon", "Sysmon", osWindows, 18, "14.13 14.16 15.12 15.15", `C:\Windows\Sysmon64.exe`, weakPrivilege, false},
	}
}

// seedWindowsApps lists what other vendors sell for desktops and servers.
func seedWindowsApps() []seedProduct {
	return []seedProduct{
		{"google", "chrome", "Google Chrome", osDesktop, 84, "115.0.5790.171 117.0.5938.132 120.0.6099.130 123.0.6312.123 126.0.6478.127 131.0.6778.109", `C:\Program Files\Google\Chrome\Application\chrome.exe`, weakBrowser, false},
		{"mozilla", "firefox", "Mozilla Firefox", osDesktop | osLinux, 31, "115.0.3 118.0.2 121.0.1 125.0.3 128.0.3 133.0.0", `C:\Program Files\Mozilla Firefox\firefox.exe`, weakBrowser, false},
		{"mozilla", "thunderbird", "Mozilla Thunderbird", osDesktop | osLinux, 6, "102.15.0 115.6.0 115.12.2 128.5.0", `C:\Program Files\Mozilla Thunderbird\thunderbird.exe`, weakDocument, false},
		{"adobe", "acrobat_reader_dc", "Adobe Acrobat Reader", osDesktop, 71, "23.006.20320 23.008.20470 24.001.20629 24.002.20964 24.004.20272", `C:\Program Files\Adobe\Acrobat DC\Acrobat\Acrobat.exe`, weakDocument, false},
		{"adobe", "creative_cloud", "Adobe Creative Cloud", osDesktop, 12, "5.11.0 6.1.0 6.3.0 6.5.0", `C:\Program Files\Adobe\Adobe Creative Cloud\ACC\Creative Cloud.exe`, weakPrivilege, false},
		{"7-zip", "7-zip", "7-Zip", osWindows, 62, "19.00 22.01 23.01 24.07 24.09", `C:\Program Files\7-Zip\7zFM.exe`, weakDocument, false},
		{"rarlab", "winrar", "WinRAR", osClients, 28, "6.11 6.22 6.23 7.01", `C:\Program Files\WinRAR\WinRAR.exe`, weakDocument, false},
		{"notepad-plus-plus", "notepad++", "Notepad++", osWindows, 44, "8.4.9 8.5.6 8.6.2 8.7.1", `C:\Program Files\Notepad++\notepad++.exe`, weakDocument, false},
		{"videolan", "vlc_media_player", "VLC media player", osDesktop, 36, "3.0.16 3.0.18 3.0.20 3.0.21", `C:\Program Files\VideoLAN\VLC\vlc.exe`, weakDocument, false},
		{"zoom", "zoom", "Zoom Workplace", osDesktop, 52, "5.14.10 5.15.12 5.17.5 6.0.11 6.2.11", `C:\Program Files\Zoom\bin\Zoom.exe`, weakClient, false},
		{"cisco", "webex", "Cisco Webex", osDesktop, 18, "43.6.0.26407 43.11.0.27795 44.6.0.30148 44.11.0.31172", `C:\Program Files\Cisco Spark\CiscoCollabHost.exe`, weakClient, false},
		{"cisco", "secure_client", "Cisco Secure Client", osDesktop, 40, "5.0.01242 5.0.05040 5.1.2.42 5.1.6.103", `C:\Program Files (x86)\Cisco\Cisco Secure Client\UI\csc_ui.exe`, weakPrivilege, false},
		{"citrix", "workspace", "Citrix Workspace", osDesktop, 21, "22.3.1.22 23.3.0.55 23.9.1.104 24.5.0.131", `C:\Program Files (x86)\Citrix\ICA Client\wfica32.exe`, weakPrivilege, false},
		{"teamviewer", "teamviewer", "TeamViewer", osDesktop | osServers, 17, "15.43.7 15.47.3 15.55.3 15.60.3", `C:\Program Files\TeamViewer\TeamViewer.exe`, weakRemote, false},
		{"putty", "putty", "PuTTY", osWindows, 33, "0.74 0.78 0.80 0.81", `C:\Program Files\PuTTY\putty.exe`, weakClient, false},
		{"winscp", "winscp", "WinSCP", osWindows, 15, "5.21.8 6.1.2 6.3.4 6.3.6", `C:\Program Files (x86)\WinSCP\WinSCP.exe`, weakClient, false},
		{"filezilla-project", "filezilla_client", "FileZilla", osWindows, 13, "3.60.2 3.66.4 3.67.0 3.68.1", `C:\Program Files\FileZilla FTP Client\filezilla.exe`, weakClient, false},
		{"keepass", "keepass", "KeePass", osClients, 12, "2.52 2.53.1 2.54 2.57.1", `C:\Program Files\KeePass Password Safe 2\KeePass.exe`, weakClient, false},
		{"slack", "slack", "Slack", osDesktop, 22, "4.29.149 4.33.90 4.36.140 4.41.97", `C:\Program Files\Slack\slack.exe`, weakClient, false},
		{"dell", "supportassist", "Dell SupportAssist", osClients, 24, "3.13.2 3.14.2 4.0.2 4.5.0", `C:\Program Files\Dell\SupportAssistAgent\bin\SupportAssistAgent.exe`, weakPrivilege, false},
		{"lenovo", "system_update", "Lenovo System Update", osClients, 14, "5.07.0140 5.08.01 5.08.02.25 5.08.03.47", `C:\Program Files (x86)\Lenovo\System Update\tvsu.exe`, weakPrivilege, false},
		{"intel", "graphics_driver", "Intel Graphics Driver", osClients, 58, "30.0.101.1340 31.0.101.2111 31.0.101.4953 32.0.101.6299", `C:\Windows\System32\DriverStore\FileRepository\iigd_dch.inf`, weakPrivilege, false},
		{"vmware", "tools", "VMware Tools", osServers | osLinux, 61, "11.3.5 12.1.5 12.3.0 12.4.5", `C:\Program Files\VMware\VMware Tools\vmtoolsd.exe`, weakPrivilege, false},
		{"veeam", "agent", "Veeam Agent", osServers, 28, "5.0.3.4708 6.0.2.1090 6.1.0.349 6.2.0.121", `C:\Program Files\Veeam\Endpoint Backup\Veeam.EndPoint.Service.exe`, weakPrivilege, false},
		{"oracle", "jre", "Oracle Java Runtime", osWindows | osLinux, 29, "8.0.3310.9 8.0.3910.13 11.0.19 17.0.9 21.0.5", `C:\Program Files\Java\jre-1.8\bin\java.exe`, weakRemote, false},
		{"wireshark", "wireshark", "Wireshark", osDesktop, 9, "3.6.14 4.0.8 4.2.0 4.4.2", `C:\Program Files\Wireshark\Wireshark.exe`, weakDenial, false},
		{"jetbrains", "intellij_idea", "IntelliJ IDEA", osDesktop, 8, "2022.3.3 2023.1.5 2023.3.4 2024.2.4", `C:\Program Files\JetBrains\IntelliJ IDEA\bin\idea64.exe`, weakClient, false},
		{"docker", "desktop", "Docker Desktop", osDesktop, 11, "4.17.1 4.23.0 4.29.0 4.34.3", `C:\Program Files\Docker\Docker\Docker Desktop.exe`, weakPrivilege, false},
		{"nodejs", "node.js", "Node.js", osDesktop | osLinux, 19, "16.20.0 18.17.1 18.20.4 20.15.1 22.11.0", `C:\Program Files\nodejs\node.exe`, weakDenial, false},
		{"python", "python", "Python", osAny, 27, "3.8.10 3.9.13 3.10.11 3.11.9 3.12.8", `C:\Program Files\Python\python.exe`, weakDenial, false},
		{"git", "git", "Git", osAny, 29, "2.38.1 2.40.1 2.43.0 2.45.1 2.47.1", `C:\Program Files\Git\cmd\git.exe`, weakClient, false},
		{"openvpn", "openvpn", "OpenVPN", osDesktop, 8, "2.5.8 2.6.6 2.6.10 2.6.12", `C:\Program Files\OpenVPN\bin\openvpn.exe`, weakPrivilege, false},
	}
}

// seedOpenSource lists libraries and server software, mostly of Linux.
func seedOpenSource() []seedProduct {
	return []seedProduct{
		{"apache", "log4j", "Apache Log4j", osServers | osLinux, 14, "2.14.1 2.15.0 2.17.0 2.17.1 2.23.1", "/opt/app/lib/log4j-core.jar", weakRemote, false},
		{"apache", "http_server", "Apache HTTP Server", osLinux | osServers, 17, "2.4.52 2.4.57 2.4.58 2.4.60 2.4.62", "/usr/sbin/apache2", weakRemote, false},
		{"apache", "tomcat", "Apache Tomcat", osLinux | osServers, 12, "9.0.65 9.0.80 9.0.86 9.0.98", "/opt/tomcat/lib/catalina.jar", weakRemote, false},
		{"f5", "nginx", "nginx", osLinux, 38, "1.18.0 1.22.1 1.24.0 1.26.2", "/usr/sbin/nginx", weakDenial, false},
		{"openssl", "openssl", "OpenSSL", osAny, 56, "1.1.1n 3.0.2 3.0.8 3.0.13 3.3.2", "/usr/lib/x86_64-linux-gnu/libssl.so.3", weakDenial, false},
		{"openbsd", "openssh", "OpenSSH", osLinux | osMacOS | osServers, 74, "8.2p1 8.9p1 9.3p1 9.7p1 9.8p1", "/usr/sbin/sshd", weakRemote, false},
		{"haxx", "curl", "curl", osAny, 64, "7.81.0 7.88.1 8.3.0 8.4.0 8.11.0", "/usr/bin/curl", weakRemote, false},
		{"tukaani", "xz", "XZ Utils", osLinux, 70, "5.2.5 5.4.1 5.6.0 5.6.2", "/usr/lib/x86_64-linux-gnu/liblzma.so.5", weakRemote, false},
		{"sudo_project", "sudo", "sudo", osLinux | osMacOS, 92, "1.8.31 1.9.9 1.9.13 1.9.15", "/usr/bin/sudo", weakPrivilege, false},
		{"polkit_project", "polkit", "polkit", osLinux, 66, "0.105 0.119 0.120 122", "/usr/bin/pkexec", weakPrivilege, false},
		{"gnu", "glibc", "GNU C Library", osLinux, 96, "2.31 2.35 2.37 2.39", "/usr/lib/x86_64-linux-gnu/libc.so.6", weakPrivilege, false},
		{"gnu", "bash", "GNU Bash", osLinux, 96, "5.0 5.1.8 5.1.16 5.2.21", "/usr/bin/bash", weakPrivilege, false},
		{"vim", "vim", "Vim", osLinux | osMacOS, 72, "8.2.3995 9.0.1378 9.0.2142 9.1.0777", "/usr/bin/vim", weakDocument, false},
		{"samba", "samba", "Samba", osLinux, 22, "4.13.17 4.15.13 4.18.6 4.19.5", "/usr/sbin/smbd", weakRemote, false},
		{"postgresql", "postgresql", "PostgreSQL", osLinux | osServers, 19, "12.14 13.11 14.9 15.6 16.4", "/usr/lib/postgresql/bin/postgres", weakRemote, false},
		{"oracle", "mysql", "MySQL", osLinux | osServers, 16, "5.7.41 8.0.33 8.0.36 8.0.40", "/usr/sbin/mysqld", weakDenial, false},
		{"redis", "redis", "Redis", osLinux, 18, "6.0.16 6.2.13 7.0.15 7.2.6", "/usr/bin/redis-server", weakRemote, false},
		{"docker", "docker", "Docker Engine", osLinux, 34, "20.10.21 23.0.6 24.0.9 27.1.1", "/usr/bin/dockerd", weakPrivilege, false},
		{"kubernetes", "kubelet", "Kubernetes kubelet", osLinux, 21, "1.25.9 1.26.9 1.28.4 1.30.3", "/usr/bin/kubelet", weakPrivilege, false},
		{"isc", "bind", "BIND", osLinux, 7, "9.16.37 9.18.18 9.18.24 9.20.3", "/usr/sbin/named", weakDenial, false},
		{"perl", "perl", "Perl", osLinux | osMacOS, 88, "5.30.0 5.34.0 5.36.3 5.38.2", "/usr/bin/perl", weakClient, false},
	}
}
