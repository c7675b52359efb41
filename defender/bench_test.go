package defender_test

import (
	"encoding/json"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/internal/emulated"
)

// BenchmarkListDevices reads 100,000 devices; the floor is ten calls.
func BenchmarkListDevices(b *testing.B) {
	c, _ := elsewhere(b, 100_000, 1)
	measure(b, c, 100_000, 10, func() iter.Seq2[defender.Machine, error] { return c.Machines.List(b.Context(), nil) })
}

// million is a little over 1,000,000: the emulator hits the number of rows that it
// is given only nearly.
const million = 1_001_000

// BenchmarkExportPages reads 1,000,000 rows as pages; the floor is six calls.
func BenchmarkExportPages(b *testing.B) {
	c, rows := elsewhere(b, 20_000, million)
	measure(b, c, rows, 1+(rows-1)/defender.MaxExportPage, func() iter.Seq2[defender.SoftwareVulnerability, error] {
		return c.SoftwareVulnerabilities.List(b.Context(), nil)
	})
}

// BenchmarkExportFiles reads 1,000,000 rows as files; the floor is one call, and
// one download for each file.
func BenchmarkExportFiles(b *testing.B) {
	c, rows := elsewhere(b, 20_000, million)
	links, err := c.SoftwareVulnerabilities.ExportFiles(b.Context(), nil)
	if err != nil {
		b.Fatal(err)
	}
	measure(b, c, rows, 1+len(links.Files), func() iter.Seq2[defender.SoftwareVulnerability, error] {
		return c.SoftwareVulnerabilities.Export(b.Context(), nil)
	})
}

// measure reads a list and reports its calls against the floor, and the peak
// memory of this process. The list is read once: its calls spend from a budget.
func measure[T any](b *testing.B, c *defender.Client, rows, floor int, list func() iter.Seq2[T, error]) {
	b.Helper()
	before, n := c.Calls(), 0
	b.ResetTimer()
	for _, err := range list() {
		if err != nil {
			b.Fatal(err)
		}
		n++
	}
	b.StopTimer()
	if n != rows {
		b.Fatalf("%d rows, want %d", n, rows)
	}
	calls := c.Calls() - before
	b.ReportMetric(float64(calls), "calls")
	b.ReportMetric(float64(calls)/float64(floor), "x-floor")
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "rows/s")
	peak := peakMB(b)
	b.ReportMetric(peak, "peak-MB")
	if peak > 96 || calls != int64(floor) {
		b.Errorf("peak %.0f MB, %d calls: at most 96 MB and the floor of %d", peak, calls, floor)
	}
}

// elsewhere starts an emulator in a process of its own and connects to it. It
// returns how many rows the export has as well.
func elsewhere(b *testing.B, devices, rows int) (*defender.Client, int) {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Skip("this binary cannot be found")
	}
	cmd := exec.CommandContext(b.Context(), self)
	cmd.Env = append(os.Environ(), asEmulator+"="+fmt.Sprint(devices, " ", rows))
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		stdin.Close()
		_ = cmd.Wait()
	})
	var there standing
	if err := json.NewDecoder(stdout).Decode(&there); err != nil {
		b.Fatal(err)
	}
	tenant := emulator.TenantAccess{TenantID: there.TenantID, ClientID: there.ClientID, Secret: there.Secret}
	return emulated.SignIn(b, there.Addr, there.CA, tenant).Defender(b, defender.Options{}), there.Rows
}

// peakMB is the most memory that this process has held, by the system's count.
func peakMB(b *testing.B) float64 {
	b.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0 // not every system says
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	kb, err := strconv.ParseFloat(strings.Fields(after + " 0")[0], 64)
	if err != nil {
		b.Fatal(err)
	}
	return kb / 1024
}
