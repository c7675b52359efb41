package action

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/defender"
)

// deviceChange is an action that changes what Microsoft keeps about a device. It
// is done at once, and may be done twice.
type deviceChange struct {
	send func(ctx context.Context, s *defender.MachinesService, r Request) error
	// as tells whether a device is as a request wants it, and else how it is.
	as func(m defender.Machine, r Request) (string, bool)
}

// door makes the door of a change. MDE alone has it.
func (d deviceChange) door() Door {
	return Door{
		API: gatehouse.APIMDE, AnyOf: gatehouse.ResourceMDE.Permissions("Machine.ReadWrite.All"), Follow: gatehouse.ResourceMDE.Permissions("Machine.Read.All", "Machine.ReadWrite.All"),
		Submit: d.submit, Poll: d.poll, Find: d.find, ReadBack: true,
	}
}

func (d deviceChange) submit(ctx context.Context, c Clients, r Request) (Submission, error) {
	if err := unlessOdd(d.send(ctx, c.Defender.Machines, r)); err != nil {
		return Submission{}, err
	}
	return Submission{UpstreamID: r.Target, Status: Status{State: InProgress, Reason: "it is being read back"}}, nil
}

// poll reads the device back.
func (d deviceChange) poll(ctx context.Context, c Clients, r Request, id string) (Status, error) {
	m, err := c.Defender.Machines.Get(ctx, id)
	if err = unlessOdd(err); err != nil {
		return Status{}, err
	}
	s := Status{State: Succeeded, Raw: json.RawMessage(m.Raw)}
	if is, ok := d.as(m, r); !ok {
		s.State, s.Reason = InProgress, is
	}
	return s, nil
}

// find reads the device back, too: it keeps no comment, and when it is as was
// asked nothing is left to do.
func (d deviceChange) find(ctx context.Context, c Clients, r Request, _ time.Time) (*Submission, error) {
	s, err := d.poll(ctx, c, r, r.Target)
	if err != nil || s.State != Succeeded {
		return nil, err
	}
	return &Submission{UpstreamID: r.Target, Status: s}, nil
}

// tagging is the change of adding a tag or removing it.
func tagging(do defender.TagAction) Door {
	d := deviceChange{
		send: func(ctx context.Context, s *defender.MachinesService, r Request) error {
			_, err := s.Tag(ctx, r.Target, r.Parameters["tag"], do)
			return err
		},
		as: func(m defender.Machine, r Request) (string, bool) {
			has := slices.ContainsFunc(m.MachineTags, func(t string) bool { return strings.EqualFold(t, r.Parameters["tag"]) })
			return fmt.Sprintf("the device has the tags %s", strings.Join(m.MachineTags, ", ")), has == (do == defender.TagAdd)
		},
	}.door()
	d.MaxMany = defender.MaxTagMany
	d.Many = func(ctx context.Context, c Clients, targets []string, r Request) error {
		_, err := c.Defender.Machines.TagMany(ctx, targets, r.Parameters["tag"], do)
		return unlessOdd(err)
	}
	return d
}

// tagParameter is what both actions on tags want to know.
func tagParameter() []Parameter {
	return []Parameter{{Name: "tag", Title: "Tag", Kind: Text, Required: true, Doc: "The tag, for example \"Reception\"."}}
}
