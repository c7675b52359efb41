package main

// observables are the members of observable.type_id. A resolved schema lists
// only Unknown and Other there, because OCSF composes the rest from the
// observable numbers of types, attributes and objects. The numbers of
// attributes and objects are in the source (cve.uid is 18, device.uid is 47);
// those of the types (1 to 12, 45, 46) and all captions are from the published
// browser of the schema, as we remember it, so the attribute is marked loose:
// numbers are checked, captions are written but not insisted on.
func observables() map[string]string {
	return map[string]string{
		"0": "Unknown", "1": "Hostname", "2": "IP Address", "3": "MAC Address", "4": "User Name", "5": "Email Address",
		"6": "URL String", "7": "File Name", "8": "Hash", "9": "Process Name", "10": "Resource UID", "11": "Port", "12": "Subnet",
		"13": "Command Line", "14": "Country", "15": "Process ID", "16": "HTTP User-Agent", "17": "CWE Object: uid",
		"18": "CVE Object: uid", "19": "User Credential ID", "20": "Endpoint", "21": "User", "22": "Email",
		"23": "Uniform Resource Locator", "24": "File", "25": "Process", "26": "Geo Location", "27": "Container",
		"28": "Registry Key", "29": "Registry Value", "30": "Fingerprint", "31": "User Object: uid",
		"32": "Group Object: name", "33": "Group Object: uid", "34": "Account Object: name", "35": "Account Object: uid",
		"36": "Script Content", "37": "Serial Number", "38": "Resource Details Object: name", "39": "Process Entity Object: uid",
		"40": "Email Object: subject", "41": "Email Object: uid", "42": "Message UID", "43": "Registry Value Object: name",
		"44": "Advisory Object: uid", "45": "File Path", "46": "Registry Key Path", "47": "Device Object: uid",
		"48": "Network Endpoint Object: uid", "99": "Other",
	}
}

// typeObservables are the observable numbers of scalar types, by the same
// source as the captions above.
func typeObservables() map[string]int {
	return map[string]int{
		"hostname_t": 1, "ip_t": 2, "mac_t": 3, "username_t": 4, "email_t": 5, "url_t": 6, "file_name_t": 7, "file_hash_t": 8,
		"process_name_t": 9, "resource_uid_t": 10, "port_t": 11, "subnet_t": 12, "file_path_t": 45, "reg_key_path_t": 46,
	}
}

// addObservables completes observable.type_id.
func addObservables(objects map[string]resolvedNode) {
	o, ok := objects["observable"]
	if !ok {
		return
	}
	a := o.Attributes["type_id"]
	a.Enum = observables()
	o.Attributes["type_id"] = a
}

// loose tells whether the captions of an enum are ours.
func loose(members map[string]string) bool {
	return members["18"] == "CVE Object: uid"
}
