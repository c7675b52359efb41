package normalize

import (
	"slices"
	"strings"

	"github.com/gatehouse-sec/gatehouse"
)

// huntingMappings are where the columns of the hunting tables of events go, a page
// for each.
func huntingMappings() []mapping {
	return []mapping{
		huntingMapping("device-process-events", "DeviceProcessEvents", "Process Activity (1007)",
			"", deviceProcessEventsColumns),
		huntingMapping("device-file-events", "DeviceFileEvents", "File System Activity (1001)",
			"", deviceFileEventsColumns),
		huntingMapping("device-network-events", "DeviceNetworkEvents", "Network Activity (4001)",
			"", deviceNetworkEventsColumns),
		huntingMapping("device-registry-events", "DeviceRegistryEvents", "Registry Value Activity (201002), or Registry Key Activity (201001) where the action is about a key",
			"", deviceRegistryEventsColumns),
		huntingMapping("device-image-load-events", "DeviceImageLoadEvents", "Module Activity (1005)",
			"", deviceImageLoadEventsColumns),
		huntingMapping("device-logon-events", "DeviceLogonEvents", "Authentication (3002)",
			"", deviceLogonEventsColumns),
		huntingMapping("device-events", "DeviceEvents", "that the action asks for: Network Activity (4001), File System Activity (1001), Registry Value Activity (201002), else Process Activity (1007)",
			"OCSF's base event is not in the pinned schema, and many collectors leave it out. So an action that tells of no file, connection or registry is an activity of the process that did it: Other (99), under its own name.", deviceEventsColumns),
	}
}

// huntingMapping makes the page of one table: what all tables have, what it alone
// has, and the process that did it.
func huntingMapping(stream, table, class, reason string, own []field) mapping {
	page := "https://learn.microsoft.com/defender-xdr/advanced-hunting-" + strings.ToLower(table) + "-table"
	return mapping{
		stream: stream, table: table, title: table, class: class, reason: reason,
		shapes: []shape{{gatehouse.APIGraph, page, slices.Concat(huntedColumns, own, initiatingColumns)}},
	}
}

// huntedColumns are what every table of events has.
var huntedColumns = []field{
	{"Timestamp", "time", "also metadata.original_time as it was written, and part of metadata.uid"},
	{"DeviceId", "device.uid", "also part of metadata.uid"},
	{"DeviceName", "device.hostname", "device.name where it is no host name"},
	{"ActionType", "activity_id", "also metadata.event_code; one that has no number is Other (99) under its own name"},
	{"ReportId", "metadata.original_event_uid", "also part of metadata.uid"},
	{"MachineGroup", "device.groups[].name", "not a column: rows that are streamed have it"},
	{"AppGuardContainerId", "", "the profile container asks for an image or a name"},
	{"AdditionalFields", "", "its content differs from action to action"},
}

// initiatingColumns are the process that did what a row tells.
var initiatingColumns = []field{
	{"InitiatingProcessSHA1", "actor.process.file.hashes[].value", ""},
	{"InitiatingProcessSHA256", "actor.process.file.hashes[].value", ""},
	{"InitiatingProcessMD5", "actor.process.file.hashes[].value", ""},
	{"InitiatingProcessFileName", "actor.process.file.name", "also actor.process.name"},
	{"InitiatingProcessFileSize", "actor.process.file.size", ""},
	{"InitiatingProcessVersionInfoCompanyName", "actor.process.file.company_name", ""},
	{"InitiatingProcessVersionInfoProductName", "actor.process.file.product.name", ""},
	{"InitiatingProcessVersionInfoProductVersion", "actor.process.file.product.version", "file.version without a product name"},
	{"InitiatingProcessVersionInfoInternalFileName", "actor.process.file.internal_name", ""},
	{"InitiatingProcessVersionInfoFileDescription", "actor.process.file.desc", ""},
	{"InitiatingProcessId", "actor.process.pid", `a process without one has the uid "unknown"`},
	{"InitiatingProcessCommandLine", "actor.process.cmd_line", ""},
	{"InitiatingProcessCreationTime", "actor.process.created_time", ""},
	{"InitiatingProcessFolderPath", "actor.process.file.path", "also file.parent_folder, the folder"},
	{"InitiatingProcessParentId", "actor.process.parent_process.pid", ""},
	{"InitiatingProcessParentFileName", "actor.process.parent_process.name", ""},
	{"InitiatingProcessParentCreationTime", "actor.process.parent_process.created_time", ""},
	{"InitiatingProcessIntegrityLevel", "actor.process.integrity_id", ""},
	{"InitiatingProcessLogonId", "actor.process.session.uid", ""},
	{"InitiatingProcessSessionId", "actor.process.session.uid_alt", ""},
	{"InitiatingProcessUniqueId", "actor.process.uid", "seen, not documented"},
	{"InitiatingProcessAccountDomain", "actor.user.domain", ""},
	{"InitiatingProcessAccountName", "actor.user.name", ""},
	{"InitiatingProcessAccountSid", "actor.user.uid", ""},
	{"InitiatingProcessAccountUpn", "actor.user.email_addr", "also name without InitiatingProcessAccountName"},
	{"InitiatingProcessAccountObjectId", "actor.user.uid_alt", "uid without InitiatingProcessAccountSid"},
	{"IsInitiatingProcessRemoteSession", "actor.process.session.is_remote", ""},
	{"InitiatingProcessVersionInfoOriginalFileName", "", "a file has no original name in OCSF"},
	{"InitiatingProcessTokenElevation", "", "a process has no elevation in OCSF"},
	{"InitiatingProcessSignerType", "", "a signature wants its algorithm in OCSF, which the row does not tell"},
	{"InitiatingProcessSignatureStatus", "", "a signature wants its algorithm in OCSF, which the row does not tell"},
	{"InitiatingProcessRemoteSessionDeviceName", "", "a session has no client in OCSF"},
	{"InitiatingProcessRemoteSessionIP", "", "a session has no client in OCSF"},
}

// deviceProcessEventsColumns are the columns that only DeviceProcessEvents has.
var deviceProcessEventsColumns = []field{
	{"FileName", "process.file.name", ""},
	{"FolderPath", "process.file.path", "also parent_folder, the folder"},
	{"SHA1", "process.file.hashes[].value", ""},
	{"SHA256", "process.file.hashes[].value", ""},
	{"MD5", "process.file.hashes[].value", ""},
	{"FileSize", "process.file.size", ""},
	{"ProcessVersionInfoCompanyName", "process.file.company_name", ""},
	{"ProcessVersionInfoProductName", "process.file.product.name", ""},
	{"ProcessVersionInfoProductVersion", "process.file.product.version", "process.file.version without a product name"},
	{"ProcessVersionInfoInternalFileName", "process.file.internal_name", ""},
	{"ProcessVersionInfoOriginalFileName", "", "a file has no original name in OCSF"},
	{"ProcessVersionInfoFileDescription", "process.file.desc", ""},
	{"ProcessId", "process.pid", `a process without one has the uid "unknown"`},
	{"ProcessCommandLine", "process.cmd_line", ""},
	{"ProcessIntegrityLevel", "process.integrity_id", ""},
	{"ProcessTokenElevation", "", "a process has no elevation in OCSF"},
	{"ProcessCreationTime", "process.created_time", ""},
	{"AccountDomain", "process.user.domain", ""},
	{"AccountName", "process.user.name", ""},
	{"AccountSid", "process.user.uid", ""},
	{"AccountUpn", "process.user.email_addr", "also name without AccountName"},
	{"AccountObjectId", "process.user.uid_alt", "uid without AccountSid"},
	{"LogonId", "process.session.uid", ""},
	{"CreatedProcessSessionId", "process.session.uid_alt", ""},
	{"IsProcessRemoteSession", "process.session.is_remote", ""},
	{"ProcessRemoteSessionDeviceName", "", "a session has no client in OCSF"},
	{"ProcessRemoteSessionIP", "", "a session has no client in OCSF"},
	{"ProcessUniqueId", "process.uid", "seen, not documented"},
}

// deviceFileEventsColumns are the columns that only DeviceFileEvents has.
var deviceFileEventsColumns = []field{
	{"FileName", "file.name", "of a renamed file: file_result"},
	{"FolderPath", "file.path", "also parent_folder, the folder; of a renamed file: file_result"},
	{"SHA1", "file.hashes[].value", "of a renamed file: file_result"},
	{"SHA256", "file.hashes[].value", "of a renamed file: file_result"},
	{"MD5", "file.hashes[].value", "of a renamed file: file_result"},
	{"FileOriginUrl", "file.url.url_string", "unmapped when it is no URL"},
	{"FileOriginReferrerUrl", "", "a file has no referrer in OCSF"},
	{"FileOriginIP", "", "a file has no address of its origin in OCSF"},
	{"PreviousFolderPath", "file.path", "of a renamed file; the new folder is in file_result.path"},
	{"PreviousFileName", "file.name", "of a renamed file; the new name is file_result.name"},
	{"FileSize", "file.size", "of a renamed file: file_result"},
	{"RequestProtocol", "", "a file activity has no connection in OCSF"},
	{"RequestSourceIP", "", "a file activity has no other end in OCSF; it is among the observables"},
	{"RequestSourcePort", "", "a file activity has no other end in OCSF"},
	{"RequestAccountName", "file.accessor.name", ""},
	{"RequestAccountDomain", "file.accessor.domain", ""},
	{"RequestAccountSid", "file.accessor.uid", ""},
	{"ShareName", "", "a file activity has no share in OCSF"},
	{"SensitivityLabel", "file.tags[].value", ""},
	{"SensitivitySubLabel", "file.tags[].value", ""},
	{"IsAzureInfoProtectionApplied", "file.is_encrypted", ""},
}

// deviceNetworkEventsColumns are the columns that only DeviceNetworkEvents has.
var deviceNetworkEventsColumns = []field{
	{"RemoteIP", "dst_endpoint.ip", "src_endpoint of an inbound connection; unmapped when it is no address"},
	{"RemotePort", "dst_endpoint.port", "as RemoteIP; unmapped when it is 0 or there is no other end"},
	{"RemoteUrl", "url.url_string", "where it is only a host: dst_endpoint.hostname; unmapped when it is neither"},
	{"LocalIP", "src_endpoint.ip", "dst_endpoint of an inbound connection; unmapped when it is no address"},
	{"LocalPort", "src_endpoint.port", "as LocalIP; unmapped when it is 0"},
	{"Protocol", "connection_info.protocol_name", "in small letters; also connection_info.protocol_num of TCP and UDP"},
	{"LocalIPType", "src_endpoint.network_scope_id", "as RemoteIPType"},
	{"RemoteIPType", "dst_endpoint.network_scope_id", "Private is Internal, Public is External, others are Other; as RemoteIP, unmapped when there is no other end"},
}

// deviceRegistryEventsColumns are the columns that only DeviceRegistryEvents has.
var deviceRegistryEventsColumns = []field{
	{"RegistryKey", "reg_value.path", "reg_key.path where the action is about a key"},
	{"RegistryValueType", "reg_value.type_id", "unmapped where the action is about a key"},
	{"RegistryValueName", "reg_value.name", `"(Default)" for the value without a name; unmapped where the action is about a key`},
	{"RegistryValueData", "reg_value.reg_string_data", "reg_integer_data of a DWORD or QWORD; unmapped where the action is about a key"},
	{"PreviousRegistryKey", "prev_reg_value.path", "prev_reg_key.path where the action is about a key"},
	{"PreviousRegistryValueName", "prev_reg_value.name", "unmapped where the action is about a key"},
	{"PreviousRegistryValueData", "prev_reg_value.reg_string_data", "as RegistryValueData"},
}

// deviceImageLoadEventsColumns are the columns that only DeviceImageLoadEvents has.
var deviceImageLoadEventsColumns = []field{
	{"FileName", "module.file.name", ""},
	{"FolderPath", "module.file.path", "also parent_folder, the folder"},
	{"SHA1", "module.file.hashes[].value", ""},
	{"SHA256", "module.file.hashes[].value", ""},
	{"MD5", "module.file.hashes[].value", ""},
	{"FileSize", "module.file.size", ""},
}

// deviceLogonEventsColumns are the columns that only DeviceLogonEvents has.
var deviceLogonEventsColumns = []field{
	{"LogonType", "logon_type_id", "also is_remote"},
	{"AccountDomain", "user.domain", ""},
	{"AccountName", "user.name", ""},
	{"AccountSid", "user.uid", ""},
	{"Protocol", "auth_protocol_id", "Negotiate and others are Other (99)"},
	{"FailureReason", "status_detail", ""},
	{"IsLocalAdmin", "user.type_id", "Admin or User; the word itself stays in unmapped, since it is about this device alone"},
	{"LogonId", "session.uid", ""},
	{"RemoteDeviceName", "src_endpoint.name", ""},
	{"RemoteIP", "src_endpoint.ip", "unmapped when it is no address"},
	{"RemoteIPType", "src_endpoint.network_scope_id", "Private is Internal, Public is External; unmapped when there is no other end"},
	{"RemotePort", "src_endpoint.port", "unmapped when it is 0 or there is no other end"},
}

// deviceEventsColumns are the columns that only DeviceEvents has.
var deviceEventsColumns = []field{
	{"FileName", "process.file.name", "file of a file activity; unmapped where the class has no such place"},
	{"FolderPath", "process.file.path", "also parent_folder, the folder; file of a file activity; unmapped where the class has no such place"},
	{"SHA1", "process.file.hashes[].value", "file of a file activity; unmapped where the class has no such place"},
	{"SHA256", "process.file.hashes[].value", "file of a file activity; unmapped where the class has no such place"},
	{"MD5", "process.file.hashes[].value", "file of a file activity; unmapped where the class has no such place"},
	{"FileSize", "process.file.size", "file of a file activity; unmapped where the class has no such place"},
	{"AccountDomain", "process.user.domain", "unmapped where the class has no such place"},
	{"AccountName", "process.user.name", "unmapped where the class has no such place"},
	{"AccountSid", "process.user.uid", "unmapped where the class has no such place"},
	{"RemoteUrl", "url.url_string", "where it is only a host: dst_endpoint.hostname; unmapped when it is neither; unmapped where the class has no such place"},
	{"RemoteDeviceName", "dst_endpoint.name", "as RemoteIP; unmapped where the class has no such place"},
	{"ProcessId", "process.pid", `a process without one has the uid "unknown"; unmapped where the class has no such place`},
	{"ProcessCommandLine", "process.cmd_line", "unmapped where the class has no such place"},
	{"ProcessCreationTime", "process.created_time", "unmapped where the class has no such place"},
	{"ProcessTokenElevation", "", "a process has no elevation in OCSF"},
	{"LogonId", "process.session.uid", "unmapped where the class has no such place"},
	{"RegistryKey", "reg_value.path", "reg_key.path where the action is about a key; unmapped where the class has no such place"},
	{"RegistryValueName", "reg_value.name", `"(Default)" for the value without a name; unmapped where the action is about a key; unmapped where the class has no such place`},
	{"RegistryValueData", "reg_value.reg_string_data", "reg_integer_data of a DWORD or QWORD; unmapped where the action is about a key; unmapped where the class has no such place"},
	{"RemoteIP", "dst_endpoint.ip", "src_endpoint of an inbound connection; unmapped when it is no address; unmapped where the class has no such place"},
	{"RemotePort", "dst_endpoint.port", "as RemoteIP; unmapped when it is 0 or there is no other end; unmapped where the class has no such place"},
	{"LocalIP", "src_endpoint.ip", "dst_endpoint of an inbound connection; unmapped when it is no address; unmapped where the class has no such place"},
	{"LocalPort", "src_endpoint.port", "as LocalIP; unmapped when it is 0; unmapped where the class has no such place"},
	{"FileOriginUrl", "file.url.url_string", "unmapped where the class has no such place"},
	{"FileOriginIP", "", "a file has no address of its origin in OCSF"},
	{"CreatedProcessSessionId", "process.session.uid_alt", "unmapped where the class has no such place"},
	{"IsProcessRemoteSession", "process.session.is_remote", "unmapped where the class has no such place"},
	{"ProcessRemoteSessionDeviceName", "", "a session has no client in OCSF"},
	{"ProcessRemoteSessionIP", "", "a session has no client in OCSF"},
}
