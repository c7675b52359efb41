package normalize

import "github.com/gatehouse-sec/gatehouse"

// machineActionMapping is where the members of the stream go.
var machineActionMapping = mapping{
	stream: "machine-actions", title: "Machine actions", class: "Remediation Activity (7001), and File Remediation Activity (7002) for a quarantined file",
	shapes: []shape{
		{gatehouse.APIMDE, "https://learn.microsoft.com/defender-endpoint/api/machineaction", []field{
			{"id", "command_uid", ""},
			{"type", "activity_id, metadata.event_code", "class 7002 for StopAndQuarantineFile with a file; types without an activity become Other (99) with their caption"},
			{"title", "remediation.desc", "the type where there is none"},
			{"scope", "scan.name", "of an antivirus scan; else unmapped: OCSF has no place for the scope of an isolation"},
			{"requestor", "actor.user.name", "actor.app_name where it is no address"},
			{"requestorComment", "message", "behind what is done, and on which device"},
			{"status", "status_id, status_code", "states that are no end become Other (99) with their caption"},
			{"machineId", "device.uid", ""},
			{"computerDnsName", "device.hostname", "device.name where it is no host name"},
			{"creationDateTimeUtc", "start_time", "also metadata.original_time as it was written"},
			{"lastUpdateDateTimeUtc", "time, end_time", "end_time where the action has ended; unmapped where it has not and the event has another time"},
			{"cancellationRequestor", "", "OCSF has no place for who cancelled"},
			{"cancellationComment", "", "OCSF has no place for why it was cancelled"},
			{"cancellationDateTimeUtc", "", "OCSF has no place for when it was cancelled"},
			{"errorHResult", "", "status_code is the status"},
			{"externalId", "metadata.correlation_uid", ""},
			{"requestSource", "metadata.source", ""},
			{"relatedFileInfo.fileIdentifier", "file.name, file.hashes.value", "class 7002; the hash has to serve as the name"},
			{"relatedFileInfo.fileIdentifierType", "file.hashes.algorithm_id", "unmapped where the identifier is no such hash"},
			{"commands[].index", "", "OCSF has no place for the commands of a live response"},
			{"commands[].startTime", "", "OCSF has no place for the commands of a live response"},
			{"commands[].endTime", "", "OCSF has no place for the commands of a live response"},
			{"commands[].commandStatus", "", "OCSF has no place for the commands of a live response"},
			{"commands[].errors[]", "", "OCSF has no place for the commands of a live response"},
			{"commands[].command.type", "", "OCSF has no place for the commands of a live response"},
			{"commands[].command.params[].key", "", "OCSF has no place for the commands of a live response"},
			{"commands[].command.params[].value", "", "OCSF has no place for the commands of a live response"},
			{"troubleshootInfo", "status_detail", ""},
		}},
	},
}
