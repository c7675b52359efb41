package normalize

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/graph"
)

func TestRandomAlerts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) { prove(t, Alert, randomInput(t, gatehouse.APIMDE, defender.Alert{})) })
}

func TestRandomGraphAlerts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) { prove(t, Alert, randomInput(t, gatehouse.APIGraph, graph.Alert{}, withEvidence)) })
}

// withEvidence gives the evidence of a record of Graph a type, and the members of
// all types.
func withEvidence(t *rapid.T, record map[string]any) {
	list, _ := record["evidence"].([]any)
	for _, item := range list {
		e := item.(map[string]any)
		e["@odata.type"] = "#microsoft.graph.security." + rapid.SampledFrom([]string{
			"deviceEvidence", "fileEvidence", "processEvidence", "userEvidence", "ipEvidence", "urlEvidence", "registryKeyEvidence", "registryValueEvidence", "mailboxEvidence",
		}).Draw(t, "type")
		for _, name := range []string{
			"azureAdDeviceId", "deviceDnsName", "dnsDomain", "ntDomain", "hostName", "healthStatus", "riskScore", "osPlatform", "version", "onboardingStatus",
			"lastIpAddress", "lastExternalIpAddress", "rbacGroupName", "detectionStatus", "processCommandLine", "registryHive", "registryKey", "registryValue",
			"registryValueName", "registryValueType", "ipAddress", "countryLetterCode", "url",
		} {
			e[name] = randomText(t)
		}
		for _, name := range []string{"osBuild", "rbacGroupId", "processId", "parentProcessId"} {
			e[name] = rapid.Int64Range(0, 99999).Draw(t, name)
		}
		for _, name := range []string{"processCreationDateTime", "parentProcessCreationDateTime", "firstSeenDateTime"} {
			e[name] = randomTime(t)
		}
		for _, name := range []string{"fileDetails", "imageFile", "parentProcessImageFile", "userAccount", "vmMetadata"} {
			inner := map[string]any{}
			for _, n := range []string{
				"fileName", "filePath", "md5", "sha1", "sha256", "sha256Ac", "filePublisher", "signer", "accountName", "domainName", "userSid", "azureAdUserId",
				"userPrincipalName", "displayName", "vmId", "resourceId",
			} {
				inner[n] = randomText(t)
			}
			e[name] = inner
		}
		e["ipInterfaces"] = []any{randomText(t), randomText(t)}
	}
}

func TestAlertMapping(t *testing.T) {
	t.Parallel()
	checkMapping(t, alertMapping, map[gatehouse.API]any{gatehouse.APIMDE: defender.Alert{}, gatehouse.APIGraph: graph.Alert{}})
}
