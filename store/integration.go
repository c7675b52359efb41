package store

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/gatehouse-sec/gatehouse"
)

// AddIntegration keeps a new integration with its secrets, all or nothing, and
// returns it as it is kept. An empty ID is filled in, an empty state is active. It
// fails with [ErrExists] when the name or the id is taken, and with [ErrKey] when
// there is no key to seal a secret with.
func (s *Store) AddIntegration(ctx context.Context, i gatehouse.Integration, secrets ...NamedSecret) (gatehouse.Integration, error) {
	if i.ID == "" {
		i.ID = strings.ToLower(rand.Text()[:16])
	}
	if i.State == "" {
		i.State = gatehouse.IntegrationActive
	}
	sealed, err := s.seal(i.ID, secrets)
	if err != nil {
		return i, err
	}
	err = s.write(ctx, "add integration", func(tx *transaction) error {
		i.Created, i.Changed = tx.now, tx.now
		settings, err := settingsOf(i)
		if err != nil {
			return err
		}
		_, err = tx.exec(ctx, "INSERT INTO integrations (id, name, tenant, state, settings, created, changed) VALUES ($1, $2, $3, $4, $5, $6, $6)",
			i.ID, i.Name, i.Tenant, i.State, settings, micros(tx.now))
		if err != nil {
			return s.taken(i, err)
		}
		return tx.putSecrets(ctx, i.ID, sealed)
	})
	return i, err
}

// taken says so when a name or an id is.
func (s *Store) taken(i gatehouse.Integration, err error) error {
	if err != nil && errors.Is(s.dialect.cause(err), ErrExists) {
		return fmt.Errorf("store: integration %q (%s): %w: choose another name, or remove the other one first", i.Name, i.ID, ErrExists)
	}
	return err
}

// settingsOf encodes an integration.
func settingsOf(i gatehouse.Integration) ([]byte, error) {
	if i.Name == "" || strings.ContainsRune(i.Name+i.ID, 0) {
		return nil, fmt.Errorf("store: integration %q: %w: it needs a name, without NUL", i.Name, ErrInvalid)
	}
	return json.Marshal(i)
}

// integrationColumns are the columns that scanIntegration reads.
const integrationColumns = "id, name, state, settings, created, changed"

// scanIntegration reads one integration. With [ErrUnreadable] comes what its columns say.
func scanIntegration(scan func(...any) error) (gatehouse.Integration, error) {
	var bare gatehouse.Integration
	var settings []byte
	var created, changed int64
	if err := scan(&bare.ID, &bare.Name, &bare.State, &settings, &created, &changed); err != nil {
		return bare, err
	}
	bare.Created, bare.Changed = moment(created), moment(changed)
	i := bare
	if err := json.Unmarshal(settings, &i); err != nil {
		return bare, fmt.Errorf("store: settings of integration %s: %w: %w", bare.ID, ErrUnreadable, err)
	}
	i.ID, i.Name, i.State, i.Created, i.Changed = bare.ID, bare.Name, bare.State, bare.Created, bare.Changed
	return i, nil
}

// listedIntegration reads an integration among others: one that cannot be read must
// not stand in their way.
func listedIntegration(scan func(...any) error) (gatehouse.Integration, error) {
	i, err := scanIntegration(scan)
	if !errors.Is(err, ErrUnreadable) {
		return i, err
	}
	if i.State != gatehouse.IntegrationRemoving {
		i.State = gatehouse.IntegrationUnreadable
	}
	return i, nil
}

// Integration returns the integration with that id or that name; the id wins. It
// fails with [ErrUnreadable] when its settings cannot be read.
func (s *Store) Integration(ctx context.Context, idOrName string) (gatehouse.Integration, error) {
	return s.integration(ctx, idOrName, scanIntegration)
}

// ListedIntegration returns the integration with that id or that name as
// [Store.Integrations] lists it: for those who show it or remove it, and do not work
// on it.
func (s *Store) ListedIntegration(ctx context.Context, idOrName string) (gatehouse.Integration, error) {
	return s.integration(ctx, idOrName, listedIntegration)
}

func (s *Store) integration(ctx context.Context, idOrName string, scan func(func(...any) error) (gatehouse.Integration, error)) (gatehouse.Integration, error) {
	row := s.read.QueryRowContext(ctx, "SELECT "+integrationColumns+" FROM integrations WHERE id = $1 OR name = $1 ORDER BY CASE WHEN id = $1 THEN 0 ELSE 1 END LIMIT 1", idOrName)
	return one(s, row, "read integration", fmt.Sprintf("integration %q", idOrName), scan)
}

// UnreadableStream is how a stream of an integration fares whose settings cannot be
// read: nobody reads it until somebody acts.
func UnreadableStream(i gatehouse.Integration, h gatehouse.StreamHealth) gatehouse.StreamHealth {
	h.State, h.Owner = gatehouse.StreamStorage, "you"
	h.Reason = "the settings of the integration cannot be read, being damaged or of a newer version"
	h.Mend = "run the version that wrote them, or remove the integration and add it anew: gatehouse integrations remove " + i.Name + " --yes"
	return h
}

// Integrations returns all integrations, by name. Of one whose settings cannot be
// read there are the id, the name and the state [gatehouse.IntegrationUnreadable], unless
// it is being removed.
func (s *Store) Integrations(ctx context.Context) ([]gatehouse.Integration, error) {
	return every(ctx, s, "read integrations", listedIntegration, "SELECT "+integrationColumns+" FROM integrations ORDER BY name")
}

// UpdateIntegration keeps new settings of an integration, found by its ID, and with
// them the secrets that are given, all or nothing. Created, State and every other
// secret stay as they are; see [Store.SetIntegrationState].
func (s *Store) UpdateIntegration(ctx context.Context, i gatehouse.Integration, secrets ...NamedSecret) error {
	sealed, err := s.seal(i.ID, secrets)
	if err != nil {
		return err
	}
	return s.write(ctx, "update integration", func(tx *transaction) error {
		settings, err := settingsOf(i)
		if err != nil {
			return err
		}
		n, err := tx.exec(ctx, "UPDATE integrations SET name = $2, tenant = $3, settings = $4, changed = $5 WHERE id = $1 AND state <> $6",
			i.ID, i.Name, i.Tenant, settings, micros(tx.now), gatehouse.IntegrationRemoving)
		if err := orNotFound(i.ID, n, s.taken(i, err)); err != nil {
			return err
		}
		return tx.putSecrets(ctx, i.ID, sealed)
	})
}

// SetIntegrationState pauses or resumes an integration. One that is being
// removed is not found.
func (s *Store) SetIntegrationState(ctx context.Context, id string, state gatehouse.IntegrationState) error {
	if state != gatehouse.IntegrationActive && state != gatehouse.IntegrationPaused {
		return fmt.Errorf("store: state %q of integration %s: %w: it is set to active or paused", state, id, ErrInvalid)
	}
	return s.write(ctx, "set state of integration", func(tx *transaction) error {
		n, err := tx.exec(ctx, "UPDATE integrations SET state = $2, changed = $3 WHERE id = $1 AND state <> $4", id, state, micros(tx.now), gatehouse.IntegrationRemoving)
		return orNotFound(id, n, err)
	})
}

// holdIntegration keeps an integration from being removed until the transaction
// ends. It fails with [ErrNotFound] when there is none, or its removal has begun.
func (t *transaction) holdIntegration(ctx context.Context, id string) error {
	n, err := t.exec(ctx, "UPDATE integrations SET state = state WHERE id = $1 AND state <> $2", id, gatehouse.IntegrationRemoving)
	return orNotFound(id, n, err)
}

// orNotFound says so when nothing was touched.
func orNotFound(id string, n int64, err error) error {
	if err == nil && n == 0 {
		return fmt.Errorf("store: integration %q: %w", id, ErrNotFound)
	}
	return err
}

// removeSteps deletes what an integration holds, a batch at a time, each
// statement until it finds nothing more. $1 is the integration, $2 the batch.
func removeSteps() []string {
	const mine = "(SELECT id FROM mirrors WHERE integration_id = $1)"
	const removeFacets = "SELECT 2 * id FROM facet_names WHERE mirror_id IN " + mine + " UNION ALL SELECT 2 * id + 1 FROM facet_names WHERE mirror_id IN " + mine
	return []string{
		"DELETE FROM events WHERE number IN (SELECT number FROM events WHERE mirror_id IN " + mine + " LIMIT $2)",
		"DELETE FROM facets WHERE (facet, value, record_id) IN (SELECT facet, value, record_id FROM facets WHERE facet IN (" + removeFacets + ") LIMIT 10 * $2)",
		"DELETE FROM facet_names WHERE mirror_id IN " + mine + " AND $2 > 0",
		"DELETE FROM record_facets WHERE record_id IN (SELECT r.id FROM records r JOIN record_facets f ON f.record_id = r.id WHERE r.mirror_id IN " + mine + " LIMIT $2)",
		"DELETE FROM points WHERE mirror_id IN " + mine + " AND $2 > 0",
		"DELETE FROM action_events WHERE number IN (SELECT number FROM action_events WHERE integration_id = $1 LIMIT $2)",
		"DELETE FROM action_targets WHERE integration_id = $1 AND $2 > 0",
		"DELETE FROM actions WHERE id IN (SELECT id FROM actions WHERE integration_id = $1 LIMIT $2)",
		"DELETE FROM hunt_rows WHERE (run_id, number) IN (SELECT w.run_id, w.number FROM hunt_runs r JOIN hunt_rows w ON w.run_id = r.id WHERE r.integration_id = $1 LIMIT $2)",
		"DELETE FROM hunt_runs WHERE integration_id = $1 AND $2 > 0",
		"DELETE FROM documents WHERE record_id IN (SELECT r.id FROM records r JOIN documents d ON d.record_id = r.id WHERE r.mirror_id IN " + mine + " LIMIT $2)",
		"DELETE FROM records WHERE id IN (SELECT id FROM records WHERE mirror_id IN " + mine + " LIMIT $2)",
		"DELETE FROM set_aside WHERE mirror_id IN " + mine + " AND $2 > 0",
		"DELETE FROM runs WHERE id IN (SELECT id FROM runs WHERE mirror_id IN " + mine + " LIMIT $2)",
	}
}

// removeBatchRows is how many rows one transaction of a removal deletes.
const removeBatchRows = 2000

// RemoveIntegration deletes an integration with its secrets, records, events,
// runs, actions and results of hunts; what the audit log says of it stays. Whoever works on it gets [ErrRunOver]. It works in many small
// transactions; after a crash, call it again. No removed events are made.
func (s *Store) RemoveIntegration(ctx context.Context, id string) error {
	if err := s.beginRemoval(ctx, id); err != nil {
		return err
	}
	for _, step := range removeSteps() {
		for n := int64(1); n > 0; {
			err := s.write(ctx, "remove integration", func(tx *transaction) (err error) {
				n, err = tx.exec(ctx, step, id, removeBatchRows)
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return s.write(ctx, "remove integration", func(tx *transaction) error {
		for _, statement := range []string{"DELETE FROM mirrors WHERE integration_id = $1", "DELETE FROM leases WHERE integration_id = $1", "DELETE FROM integrations WHERE id = $1"} {
			if _, err := tx.exec(ctx, statement, id); err != nil {
				return err
			}
		}
		return nil
	})
}

// beginRemoval stops everyone who works on the integration and deletes its
// secrets first.
func (s *Store) beginRemoval(ctx context.Context, id string) error {
	return s.write(ctx, "remove integration", func(tx *transaction) error {
		n, err := tx.exec(ctx, "UPDATE integrations SET state = $2 WHERE id = $1", id, gatehouse.IntegrationRemoving)
		if err := orNotFound(id, n, err); err != nil {
			return err
		}
		if _, err := tx.exec(ctx, "UPDATE mirrors SET run_id = 0 WHERE integration_id = $1", id); err != nil {
			return err
		}
		_, err = tx.exec(ctx, "DELETE FROM secrets WHERE integration_id = $1", id)
		return err
	})
}
