package main

// emitted lists the classes that get Go types: those that a Defender record
// can become. The validator knows every class of the pinned schema.
func emitted() []string {
	return []string{
		"authentication", "compliance_finding", "detection_finding", "file_activity", "file_remediation_activity",
		"incident_finding", "inventory_info", "module_activity", "network_activity", "network_remediation_activity",
		"patch_state", "process_activity", "process_remediation_activity", "registry_key_activity",
		"registry_value_activity", "remediation_activity", "software_info", "user_inventory", "vulnerability_finding",
	}
}

// groups puts objects that belong together in one file. An object that is not
// named here lands in objects_other.
func groups() map[string][]string {
	return map[string][]string{
		"objects_identity":      {"user", "account", "group", "ldap_person", "organization", "actor", "agent", "authorization"},
		"objects_session":       {"idp", "scim", "sso", "session", "auth_factor"},
		"objects_credential":    {"token", "authentication_token", "programmatic_credential"},
		"objects_device":        {"device", "device_hw_info", "gpu_info", "keyboard_info", "display"},
		"objects_system":        {"os", "location", "image", "vendor_attributes"},
		"objects_file":          {"file", "fingerprint", "digital_signature", "encryption_details"},
		"objects_process":       {"process", "process_entity", "module", "job", "script", "long_string", "environment_variable", "function_invocation", "parameter"},
		"objects_registry":      {"reg_key", "reg_value", "win_service"},
		"objects_network":       {"network_endpoint", "network_proxy", "network_connection_info", "network_interface", "endpoint_connection"},
		"objects_traffic":       {"network_traffic", "firewall_rule", "load_balancer", "port_info", "autonomous_system", "packet"},
		"objects_web":           {"http_request", "http_response", "http_header", "url", "dns_query", "dns_answer"},
		"objects_tls":           {"tls", "tls_extension", "ja4_fingerprint", "certificate", "san"},
		"objects_email":         {"email", "email_auth", "whois", "domain_contact"},
		"objects_finding":       {"finding_info", "related_event", "evidences", "analytic", "trait"},
		"objects_attack":        {"attack", "tactic", "technique", "sub_technique", "mitigation", "kill_chain_phase", "d3fend", "d3f_tactic", "d3f_technique"},
		"objects_malware":       {"malware", "malware_scan_info", "scan", "classifier_details"},
		"objects_remediation":   {"remediation", "kb_article", "timespan"},
		"objects_vulnerability": {"vulnerability", "cve", "cvss", "cwe", "epss", "advisory", "affected_code", "metric"},
		"objects_package":       {"package", "affected_package", "sbom", "software_component", "application"},
		"objects_compliance":    {"compliance", "check", "assessment", "cis_control", "rule", "policy"},
		"objects_cloud":         {"cloud", "container", "api", "request", "response", "service", "ai_model", "message_context"},
		"objects_resource":      {"resource_details", "database", "databucket"},
		"objects_data":          {"data_classification", "discovery_details", "occurrence_details"},
		"objects_osint":         {"osint", "campaign", "threat_actor", "reputation"},
		"objects_anomaly":       {"anomaly", "anomaly_analysis", "analysis_target", "observation", "baseline", "graph", "node", "edge"},
		"objects_metadata":      {"metadata", "product", "feature", "extension", "logger", "reporter", "transformation_info"},
		"objects_event":         {"enrichment", "observable", "key_value_object", "ticket"},
	}
}

// enumTypes names the Go types of enumerations whose own name says too little
// or too much. All others are named for the attribute, or for the owner and
// the attribute where several enumerations share a name.
func enumTypes() map[string]string {
	return map[string]string{
		"activity_id/authentication":            "AuthenticationActivityID",
		"activity_id/compliance_finding":        "FindingActivityID",
		"activity_id/config_state":              "InventoryActivityID",
		"activity_id/file_activity":             "FileActivityID",
		"activity_id/file_remediation_activity": "RemediationActivityID",
		"activity_id/module_activity":           "ModuleActivityID",
		"activity_id/network_activity":          "NetworkActivityID",
		"activity_id/process_activity":          "ProcessActivityID",
		"activity_id/registry_key_activity":     "RegistryKeyActivityID",
		"activity_id/registry_value_activity":   "RegistryValueActivityID",
		"algorithm_id/digital_signature":        "SignatureAlgorithmID",
		"algorithm_id/encryption_details":       "EncryptionAlgorithmID",
		"algorithm_id/fingerprint":              "HashAlgorithmID",
		"category_id":                           "DataCategoryID",
		"category_ids":                          "URLCategoryID",
		"classification_ids":                    "MalwareClassificationID",
		"depth":                                 "CVSSDepth",
		"direction_id/network_connection_info":  "ConnectionDirectionID",
		"flag_ids":                              "DNSFlagID",
		"opcode_id":                             "DNSOpcodeID",
		"phase_id":                              "KillChainPhaseID",
		"score_id":                              "ReputationScoreID",
		"state_id/digital_signature":            "SignatureStateID",
		"status_id/api_activity":                "StatusID",
		"status_id/check":                       "ComplianceStatusID",
		"status_id/compliance_finding":          "FindingStatusID",
		"status_id/file_remediation_activity":   "RemediationStatusID",
		"status_id/incident_finding":            "IncidentStatusID",
		"type_id/affected_package":              "PackageTypeID",
		"type_id/authentication_token":          "TokenTypeID",
		"type_id/malware_scan_info":             "ScanTypeID",
	}
}

// initialisms are words that Go writes in capitals.
func initialisms() map[string]string {
	m := map[string]string{"ids": "IDs", "uids": "UIDs", "ips": "IPs", "ja4": "JA4", "d3f": "D3F", "d3fend": "D3FEND", "vpc": "VPC", "oauth": "OAuth"}
	for _, w := range []string{
		"ai", "api", "cis", "cpu", "cpe", "cve", "cvss", "cwe", "dns", "epss", "gpu", "http", "hw", "id", "idp", "ip", "kb", "ldap", "mac", "mfa", "os",
		"osint", "pid", "cpid", "ptid", "tid", "ram", "san", "sbom", "dnssec", "scim", "sku", "sso", "tcp", "tls", "tlp", "uid", "uri", "url", "uuid", "vlan", "vram",
		"ttl", "isp", "eid", "meid", "imei", "iccid", "udid", "sni", "sp", "spf", "dkim", "dmarc", "smtp", "cnames",
	} {
		if _, ok := m[w]; !ok {
			m[w] = upper(w)
		}
	}
	delete(m, "cnames")
	return m
}
