package entra

import (
	"slices"

	"github.com/gatehouse-sec/gatehouse"
)

// Permissions returns the catalogue: every application permission of
// WindowsDefenderATP and Microsoft Threat Protection, and the security ones of
// Microsoft Graph. The caller owns the result.
//
// The ids of the first two resources agree in several public exports of the
// service principals. Those of Microsoft Graph are from general knowledge, not
// from a page that was read; the notes say so.
func Permissions() []PermissionEntry {
	all := slices.Concat(mdePermissions(), xdrPermissions(), graphPermissions())
	for i := range all {
		all[i].Unlocks = unlocks(all[i].Permission)
	}
	return all
}

// mdePermissions are the app roles of WindowsDefenderATP.
func mdePermissions() []PermissionEntry {
	role := roleOf(gatehouse.ResourceMDE)
	return []PermissionEntry{
		role("AdvancedQuery.Read.All", "93489bf5-0fbc-4f2d-b901-33f2fe08ff05", "Run advanced queries").inGuide().noted("the API behind it is being retired in favour of runHuntingQuery of Microsoft Graph (MC1220762)"),
		role("Alert.Read.All", "71fe6b80-7034-4028-9ed8-0f316df9c3ff", "Read all alerts").inGuide(),
		role("Alert.ReadWrite.All", "0f7000ec-157b-497f-b70e-ef0b0584f140", "Read and write all alerts").inGuide().noted("one page of Microsoft prints Alerts.ReadWrite.All, which does not exist"),
		role("Event.Write", "84ddd701-5fac-4c30-b0ad-aa73a67bea1a", "Write timeline events"),
		role("File.Read.All", "8788f1a9-beca-4e26-ba58-10513f3b896f", "Read file profiles").noted("for the files of an alert"),
		role("IntegrationConfiguration.ReadWrite", "7c6f6912-60e9-4fcd-bb2a-c25bc35e8c59", "Read and Write Integration settings"),
		role("Ip.Read.All", "47bf842d-354b-49ef-b741-3a6dd815bc13", "Read IP address profiles").noted("for the IP addresses of an alert"),
		role("Library.Manage", "41d209c7-2511-4fc9-b899-8008a3976f09", "Manage live response library files"),
		role("Machine.CollectForensics", "15405ab2-2103-4a3c-ad80-e829841cedcc", "Collect forensics").noted("for the action collect-package"),
		role("Machine.Isolate", "7e4e1300-e1b9-4102-88ba-f0cb6e6d5974", "Isolate machine").noted("for the actions isolate, release and contain"),
		role("Machine.LiveResponse", "1629b959-c0af-42a1-92f0-f6162060bdf1", "Run live response on a specific machine"),
		role("Machine.Offboard", "594435bf-36dd-4548-83bd-1bdafe157d7a", "Offboard machine").noted("for the action offboard"),
		role("Machine.Read.All", "ea8291d3-4b9a-44b5-bc3a-6cea3026dc79", "Read all machine profiles").inGuide(),
		role("Machine.ReadWrite.All", "aa027352-232b-4ed4-b963-a705fc4d6d2c", "Read and write all machine information").inGuide(),
		role("Machine.RestrictExecution", "96b6b35d-074d-4e2d-b167-8d68d9269648", "Restrict code execution").noted("for the actions restrict and unrestrict"),
		role("Machine.Scan", "a86d9824-b2b6-45f8-b042-16bc4922ed4e", "Scan machine").noted("for the action scan"),
		role("Machine.StopAndQuarantine", "96e72b5e-7e68-4171-aad1-3937599e4751", "Stop and quarantine file").noted("for the action stop-and-quarantine; Microsoft's pages print it as 'Stop And Quarantine'"),
		role("readonly", "f820e656-f1d1-4cb8-a566-31d18eeecb40", "Security Operations - Read Only").noted("a user role of the portal, of no use to an application"),
		role("RemediationTasks.Read.All", "6a33eedf-ba73-4e5a-821b-f057ef63853a", "Read all remediation tasks"),
		role("Score.Read.All", "02b005dd-f804-43b4-8fc7-078460413f74", "Read Threat and Vulnerability Management score").inGuide(),
		role("secop", "2261fd4a-5f23-4b74-9e4d-f4ac92dc86a2", "Security Operations - Read & Write").noted("a user role of the portal, of no use to an application"),
		role("SecurityBaselinesAssessment.Read.All", "e870c0c1-c1a2-41ca-948e-a33912d2d3f0", "Read all security baselines assessment information"),
		role("SecurityConfiguration.Read.All", "227f2ea0-c2c2-4428-b7af-9ff40f1a720e", "Read all security configurations"),
		role("SecurityConfiguration.ReadWrite.All", "e5e05709-32a3-4c85-89c8-67596eb94f24", "Read and write all security configurations"),
		role("SecurityRecommendation.Read.All", "6443965c-7dd2-4cfd-b38f-bb7772bee163", "Read Threat and Vulnerability Management security recommendations"),
		role("Software.Read.All", "37f71c98-d198-41ae-964d-2c49aab74926", "Read Threat and Vulnerability Management software information"),
		role("Ti.Read.All", "528ca142-c849-4a5b-935e-10b8b9c38a84", "Read all IOCs"),
		role("Ti.ReadWrite", "a8bc2240-f96a-46a1-bad5-6a960b7327a1", "Read and write IOCs belonging to the app"),
		role("Ti.ReadWrite.All", "fc511a58-3adf-4d71-af24-00f13e35e479", "Read and write all IOCs"),
		role("Url.Read.All", "721af526-ffa8-42d7-9b84-1a56244dd99d", "Read URL profiles").noted("for the domains of an alert; Microsoft's pages print URL.Read.All"),
		role("User.Read.All", "a833834a-4cf1-4732-8acf-bbcfa13fb610", "Read user profiles").noted("for the user of an alert and the users logged on to a device"),
		role("Vulnerability.Read.All", "41269fc5-d04d-4bfd-bce7-43a51cea049a", "Read Threat and Vulnerability Management vulnerability information").inGuide(),
	}
}

// xdrPermissions are the app roles of Microsoft Threat Protection.
func xdrPermissions() []PermissionEntry {
	role := roleOf(gatehouse.ResourceXDR)
	return []PermissionEntry{
		role("AdvancedHunting.Read.All", "7734e8e5-8dde-42fc-b5ae-6eafea078693", "Run advanced hunting queries"),
		role("CustomDetections.ReadWrite.All", "a7deff90-e2f5-4e4e-83a3-2c74e7002e28", "Read and write all custom detection rules"),
		role("Incident.Read.All", "a9790345-4595-42e4-971a-ccdc79f19b7c", "Read all incidents"),
		role("Incident.ReadWrite.All", "8d90f441-09cf-4fdc-ab45-e874fa3a28e8", "Read and write all incidents").noted("for the actions update-incident and comment-incident"),
	}
}

// graphPermissions are the security permissions of Microsoft Graph.
func graphPermissions() []PermissionEntry {
	role := roleOf(gatehouse.ResourceGraph)
	return []PermissionEntry{
		role("SecurityAlert.Read.All", "472e4a4d-bb4a-4026-98d1-0b0d74cb74a5", "Read all security alerts").noted("id and title from general knowledge"),
		role("SecurityAlert.ReadWrite.All", "ed4fca05-be46-441f-9803-1873825f8fdb", "Read and write to all security alerts").noted("id and title from general knowledge"),
		role("SecurityIncident.Read.All", "45cc0394-e837-488b-a098-1918f48d186c", "Read all security incidents").noted("id and title from general knowledge"),
		role("SecurityIncident.ReadWrite.All", "34bf0e97-1971-4929-b999-9e2442d941d7", "Read and write to all security incidents").noted("for the actions update-incident and comment-incident; id and title from general knowledge"),
		role("ThreatHunting.Read.All", "dd98c7f5-2d42-42d3-a0e4-633161547251", "Run hunting queries").noted("id and title from general knowledge"),
		role("SecurityEvents.Read.All", "bf394140-e372-4bf9-a898-299cfc7564e5", "Read your organization's security events").noted("id and title from general knowledge"),
		role("SecurityEvents.ReadWrite.All", "d903a879-88e0-4c09-b0c9-82f6a1333f84", "Read and update your organization's security events").noted("id and title from general knowledge"),
	}
}

// roleOf makes entries of one resource.
func roleOf(r gatehouse.Resource) func(name, id, title string) PermissionEntry {
	return func(name, id, title string) PermissionEntry {
		return PermissionEntry{Permission: gatehouse.Permission{Resource: r, Name: name}, ID: id, Title: title}
	}
}

func (p PermissionEntry) inGuide() PermissionEntry {
	p.Guide = true
	return p
}

func (p PermissionEntry) noted(note string) PermissionEntry {
	p.Note = note
	return p
}
