package defender_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/internal/sdktest"
)

// respond raises an emulator whose actions move when they are told to, and finds
// a device that can do them all.
func respond(t *testing.T) (stage, string) {
	t.Helper()
	s := raise(t, emulator.Size{Devices: 60, Alerts: 5, Actions: -1})
	if err := s.SetActionRules(s.TenantID, emulator.ActionRules{Pace: -1, Repeat: emulator.RepeatRefused}); err != nil {
		t.Fatal(err)
	}
	if err := s.Grant(s.TenantID, s.ClientID, emulator.ResponseRoles()...); err != nil {
		t.Fatal(err)
	}
	s.testing = t
	for _, m := range sdktest.Collect(t, s.client.Machines.List(t.Context(), nil)) {
		if strings.HasPrefix(m.OSPlatform, "Windows") && m.HealthStatus == "Active" && m.OnboardingStatus == "Onboarded" && m.RbacGroupName != "" {
			return s, m.ID
		}
	}
	t.Fatal("no such device")
	return s, ""
}

// end lets an action succeed.
func (s stage) end(id string) {
	s.testing.Helper()
	if _, err := s.Do(s.TenantID, emulator.Step{Kind: emulator.StepFinishAction, ID: id, Status: "Succeeded"}); err != nil {
		s.testing.Fatal(err)
	}
}

func TestPackageOnTheEmulator(t *testing.T) {
	t.Parallel()
	s, device := respond(t)
	c, ctx := s.client.MachineActions, t.Context()
	a := get[defender.MachineAction](t)(c.CollectInvestigationPackage(ctx, device, "because"))
	if a.Type != "CollectInvestigationPackage" || a.Status != "Pending" || a.RequestorComment != "because" || a.MachineID != device {
		t.Errorf("%+v", a)
	}
	if _, err := c.CollectInvestigationPackage(ctx, device, "again"); !errors.Is(err, defender.ErrActiveRequest) {
		t.Errorf("a second package: %v", err)
	}
	var file bytes.Buffer
	if _, err := c.DownloadPackage(ctx, a.ID, &file); !errors.Is(err, defender.ErrPackageNotReady) || !errors.Is(err, defender.ErrNotFound) || file.Len() > 0 {
		t.Errorf("before its end: %v, %d bytes", err, file.Len())
	}
	s.end(a.ID)
	n, err := c.DownloadPackage(ctx, a.ID, &file)
	if err != nil || n != int64(file.Len()) || !bytes.HasPrefix(file.Bytes(), []byte("PK")) {
		t.Errorf("%d of %d bytes, %v", file.Len(), n, err)
	}
	if a := get[defender.MachineAction](t)(c.Get(ctx, a.ID)); a.Status != "Succeeded" {
		t.Errorf("%+v", a)
	}
}

func TestLiveResponseOnTheEmulator(t *testing.T) {
	t.Parallel()
	s, device := respond(t)
	c, ctx := s.client.MachineActions, t.Context()
	a := get[defender.MachineAction](t)(c.RunLiveResponse(ctx, device, []defender.LiveResponseCommand{
		defender.RunScript("minidump.ps1", "OfficeClickToRun"), defender.GetFile(`C:\Windows\Temp\a.dmp`),
	}, "because"))
	if a.Type != "LiveResponse" || len(a.Commands) != 2 || a.Commands[0].CommandStatus != "Created" || a.Commands[1].Command.Params[0].Value != `C:\Windows\Temp\a.dmp` {
		t.Errorf("%+v", a)
	}
	s.end(a.ID)
	var file bytes.Buffer
	if n, err := c.DownloadLiveResponseResult(ctx, a.ID, 0, &file); err != nil || n != int64(file.Len()) || !strings.Contains(file.String(), `"exit_code"`) {
		t.Errorf("%q, %d, %v", file.String(), n, err)
	}
	file.Reset()
	if n, err := c.DownloadLiveResponseResult(ctx, a.ID, 1, &file); err != nil || n == 0 {
		t.Errorf("%d bytes, %v", n, err)
	}
}

// A file link travels without a token, and shows its secret nowhere.
func TestPackageLinkIsSecret(t *testing.T) {
	t.Parallel()
	s, device := respond(t)
	c, ctx := s.client.MachineActions, t.Context()
	a := get[defender.MachineAction](t)(c.CollectInvestigationPackage(ctx, device, "because"))
	s.end(a.ID)
	link := get[defender.DownloadLink](t)(c.PackageURI(ctx, a.ID))
	if !strings.Contains(link.Reveal(), "token=") || strings.Contains(link.String(), "token") || link.Name() != "WDATP_Investigation_Package.zip" {
		t.Errorf("%s", link)
	}
}

func TestInvestigationsOnTheEmulator(t *testing.T) {
	t.Parallel()
	s, device := respond(t)
	c, ctx := s.client.Investigations, t.Context()
	i := get[defender.Investigation](t)(c.Start(ctx, device, "because"))
	if i.ID == "" || i.State != "Running" || i.MachineID != device || !i.EndTime.IsZero() || i.StartTime.IsZero() {
		t.Errorf("%+v", i)
	}
	listed := sdktest.Collect(t, c.List(ctx, &defender.Query{Filter: defender.And(defender.Eq("machineId", device), defender.Eq("state", "Running"))}))
	if len(listed) == 0 || listed[0].ID != i.ID {
		t.Errorf("%+v", listed)
	}
	if _, err := s.Do(s.TenantID, emulator.Step{Kind: emulator.StepFinishInvestigation, ID: i.ID}); err != nil {
		t.Fatal(err)
	}
	if i := get[defender.Investigation](t)(c.Get(ctx, i.ID)); i.State == "Running" || i.EndTime.IsZero() {
		t.Errorf("%+v", i)
	}
}

// A write is never sent again once it may have arrived, whatever goes wrong.
func TestActionsAreSentOnce(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]emulator.Fault{
		"lost":      {Kind: emulator.FaultLostAnswer},
		"504":       {Kind: emulator.FaultLostAnswer, Status: 504},
		"503":       {Kind: emulator.FaultServerError, Status: 503},
		"dropped":   {Kind: emulator.FaultDroppedConnection},
		"truncated": {Kind: emulator.FaultTruncatedBody},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, device := respond(t)
			fault.Route, fault.Calls = "POST /api/machines/{id}/isolate", []int{1}
			if err := s.SetFaults(emulator.Faults{List: []emulator.Fault{fault}}); err != nil {
				t.Fatal(err)
			}
			_, err := s.client.MachineActions.Isolate(t.Context(), device, defender.IsolationFull, "because")
			if err == nil || defender.NotSent(err) {
				t.Errorf("got %v", err)
			}
			begun, listErr := s.AcceptedActions(s.TenantID)
			if listErr != nil || len(begun) > 1 || s.Stats().Requests[fault.Route] != 1 {
				t.Errorf("%d requests, %d begun, %v", s.Stats().Requests[fault.Route], len(begun), listErr)
			}
		})
	}
}

// Whatever is answered for a link, it is a link to a host or an error, and no text
// of ours shows its query.
func FuzzPackageURI(f *testing.F) {
	f.Add(`{"value":"\"https://a.blob.core.windows.net/p.zip?sig=s\""}`)
	f.Add(`{"value":"https://api.security.microsoft.com:443/safedownload/p.zip?token=s"}`)
	f.Add(`{"value":null}`)
	f.Add(`{"value":"\""}`)
	f.Add(`[]`)
	f.Add(``)
	f.Fuzz(func(t *testing.T, body string) {
		c, err := defender.New(sdktest.Credential{}, &defender.Options{Transport: sdktest.Answers(body), MaxRetries: -1})
		if err != nil {
			t.Fatal(err)
		}
		link, err := c.MachineActions.PackageURI(t.Context(), "a")
		if err != nil {
			if link.Reveal() != "" {
				t.Errorf("a link beside the error %v", err)
			}
			return
		}
		if link.Reveal() == "" || strings.Contains(link.String(), "?") {
			t.Errorf("%q", link.Reveal())
		}
	})
}
