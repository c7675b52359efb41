package defender

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/gatehouse-sec/gatehouse/internal/rest"
)

// ErrPackageNotReady tells that an investigation package is not there: it is
// still being collected, or the action failed. The service answers 404 then, as it
// does for an action that does not exist.
var ErrPackageNotReady = errors.New("the investigation package is not ready")

// CollectInvestigationPackage collects what an investigator wants to see of a
// device, and returns the action. One that has not ended is ErrActiveRequest. When
// the action has succeeded the package is there for PackageURI.
//
// Permission: Machine.CollectForensics.
// Docs: https://learn.microsoft.com/defender-endpoint/api/collect-investigation-package.
//
//api:operation POST /api/machines/{id}/collectInvestigationPackage
func (s *MachineActionsService) CollectInvestigationPackage(ctx context.Context, machineID, comment string) (MachineAction, error) {
	return s.command(ctx, opMachineActionsCollect, machineID, commandBody{Comment: comment})
}

// PackageURI returns where the package of a collection lies, for a short while.
// Before the collection has succeeded it is ErrPackageNotReady.
//
// Permission: Machine.Read.All or Machine.ReadWrite.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/get-package-sas-uri.
//
//api:operation GET /api/machineactions/{id}/getPackageUri
func (s *MachineActionsService) PackageURI(ctx context.Context, id string) (DownloadLink, error) {
	link, err := s.link(ctx, rest.Request{Operation: opMachineActionsPackageURI, Vars: []string{id}})
	if errors.Is(err, ErrNotFound) {
		err = fmt.Errorf("%w: %w", ErrPackageNotReady, err)
	}
	return link, err
}

// DownloadPackage writes the package of a collection, a zip file, to w and returns
// its size in bytes. The file is fetched without a token. When it breaks off, w
// holds a part of it and the error is ErrTruncated: begin again.
//
// Permission: Machine.Read.All or Machine.ReadWrite.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/get-package-sas-uri.
//
//api:operation GET /api/machineactions/{id}/getPackageUri
func (s *MachineActionsService) DownloadPackage(ctx context.Context, id string, w io.Writer) (int64, error) {
	link, err := s.PackageURI(ctx, id)
	if err != nil {
		return 0, err
	}
	return s.rest.CopyFile(ctx, link, w)
}

// link asks for the address of a file, which Microsoft puts into one more pair of
// quotes for packages.
func (s service) link(ctx context.Context, r rest.Request) (DownloadLink, error) {
	raw, err := s.rest.Fetch(ctx, r)
	if err != nil {
		return DownloadLink{}, err
	}
	var answer struct {
		Value string `json:"value"`
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return DownloadLink{}, fmt.Errorf("%s: %w", r.Operation, ErrMalformed)
	}
	link, err := rest.ParseDownloadLink(strings.Trim(strings.TrimSpace(answer.Value), `"`))
	if err != nil {
		return DownloadLink{}, fmt.Errorf("%s: %w", r.Operation, ErrMalformed)
	}
	return link, nil
}

var (
	opMachineActionsCollect    = write("POST", "/api/machines/{id}/collectInvestigationPackage", "collect-investigation-package", "Machine.CollectForensics")
	opMachineActionsPackageURI = limited(read("/api/machineactions/{id}/getPackageUri", "get-package-sas-uri", "Machine.Read.All", "Machine.ReadWrite.All"), 2, 120)
)
