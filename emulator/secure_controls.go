package emulator

import "time"

// secureControl is one control of Microsoft Secure Score.
type secureControl struct {
	id, category, service, title string
	points                       float64
	threats                      string
}

// secureControls lists the controls of generated tenants.
func secureControls() []secureControl {
	return []secureControl{
		{"AdminMFAV2", "Identity", "AzureAD", "Ensure multifactor authentication is enabled for all users in administrative roles", 10, "Password Cracking, Account Breach, Elevation of Privilege"},
		{"MFARegistrationV2", "Identity", "AzureAD", "Ensure multifactor authentication is enabled for all users", 9, "Password Cracking, Account Breach"},
		{"BlockLegacyAuthentication", "Identity", "AzureAD", "Enable Conditional Access policies to block legacy authentication", 8, "Password Cracking, Account Breach"},
		{"UserRiskPolicy", "Identity", "AzureAD", "Enable Microsoft Entra ID Protection user risk policies", 7, "Account Breach"},
		{"SigninRiskPolicy", "Identity", "AzureAD", "Enable Microsoft Entra ID Protection sign-in risk policies", 7, "Account Breach"},
		{"PWAgePolicyNew", "Identity", "AzureAD", "Ensure passwords are set to never expire", 8, "Account Breach"},
		{"SelfServicePasswordReset", "Identity", "AzureAD", "Enable self-service password reset", 1, "Account Breach"},
		{"OneAdmin", "Identity", "AzureAD", "Designate more than one global admin", 1, "Account Breach"},
		{"RoleOverlap", "Identity", "AzureAD", "Use least privileged administrative roles", 1, "Elevation of Privilege"},
		{"IntegratedApps", "Apps", "AzureAD", "Do not allow users to grant consent to unreliable applications", 4, "Data Exfiltration, Account Breach"},
		{"aad_admin_consent_workflow", "Identity", "AzureAD", "Enable the admin consent workflow", 3, "Account Breach"},
		{"DLPEnabled", "Data", "IP", "Apply data loss prevention policies", 20, "Data Exfiltration, Data Spillage"},
		{"mip_sensitivitylabelspolicies", "Data", "MIP", "Publish data classification policies for sensitivity labels", 7, "Data Spillage"},
		{"mip_purviewlabelconsent", "Data", "MIP", "Extend sensitivity labels to assets of the data map", 5, "Data Spillage"},
		{"mip_search_auditlog", "Data", "EXO", "Ensure the audit log search is enabled", 3, "Data Exfiltration"},
		{"exo_mailboxaudit", "Apps", "EXO", "Ensure mailbox auditing is enabled for all users", 5, "Data Exfiltration"},
		{"exo_transportrulesallowlistdomains", "Apps", "EXO", "Ensure transport rules do not allow specific domains", 1, "Phishing or Whaling"},
		{"mdo_safeattachments", "Apps", "MDO", "Turn on Safe Attachments in block mode", 8, "Malicious Email"},
		{"mdo_safelinksforemail", "Apps", "MDO", "Create Safe Links policies for email messages", 9, "Phishing or Whaling"},
		{"mdo_antiphishingpolicies", "Apps", "MDO", "Enable impersonated user protection", 8, "Phishing or Whaling"},
		{"mdo_quarantineretentionperiod", "Apps", "MDO", "Retain spam in quarantine for 30 days", 5, "Malicious Email"},
		{"mdo_commonattachmentsfilter", "Apps", "MDO", "Ensure the common attachment types filter is enabled", 5, "Malicious Email"},
		{"spo_external_sharing_managed", "Apps", "SPO", "Ensure external sharing is managed with allow lists", 3, "Data Spillage"},
		{"spo_idle_session_timeout", "Apps", "SPO", "Sign out inactive users in SharePoint Online", 1, "Data Spillage"},
		{"meeting_restrictanonymousjoin", "Apps", "MicrosoftTeams", "Restrict anonymous users from joining meetings", 1, "Data Spillage"},
		{"McasFirewallLogUpload", "Apps", "MCAS", "Deploy a log collector to discover shadow IT", 3, "Data Exfiltration"},
		{"scid_2010", "Device", "MDATP", "Turn on Microsoft Defender Antivirus", 10, "Malicious Insider"},
		{"scid_2011", "Device", "MDATP", "Update Microsoft Defender Antivirus definitions", 9, "Malicious Insider"},
		{"scid_2012", "Device", "MDATP", "Turn on real-time protection", 10, "Malicious Insider"},
		{"scid_2016", "Device", "MDATP", "Enable cloud-delivered protection", 8, "Malicious Insider"},
		{"scid_2070", "Device", "MDATP", "Turn on Microsoft Defender Firewall", 9, "Malicious Insider"},
		{"scid_2090", "Device", "MDATP", "Encrypt all supported drives", 9, "Data Exfiltration"},
		{"scid_2500", "Device", "MDATP", "Block executable content from email client and webmail", 9, "Malicious Email"},
		{"scid_2501", "Device", "MDATP", "Block all Office applications from creating child processes", 9, "Malicious Insider"},
		{"scid_2503", "Device", "MDATP", "Block credential stealing from the Windows local security authority subsystem", 9, "Elevation of Privilege"},
		{"scid_3001", "Device", "MDATP", "Set the minimum password length to 14 or more characters", 8, "Password Cracking"},
		{"AATP_LateralMovementPaths", "Identity", "AATP", "Reduce lateral movement path risk to sensitive entities", 5, "Elevation of Privilege"},
		{"AATP_UnsecureKerberosDelegation", "Identity", "AATP", "Modify unsecure Kerberos delegations to prevent impersonation", 5, "Elevation of Privilege"},
		{"AATP_WeakCipher", "Identity", "AATP", "Stop weak cipher usage", 5, "Password Cracking"},
		{"AATP_DormantAccounts", "Identity", "AATP", "Remove dormant accounts from sensitive groups", 5, "Account Breach"},
	}
}

// midnight is the start of a day.
func midnight(day time.Time) time.Time { return day.UTC().Truncate(24 * time.Hour) }
