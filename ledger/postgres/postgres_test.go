package postgres_test

import (
	"context"
	"sync"
	"testing"

	"revcycle/fixtures/pgserver"
	"revcycle/ledger"
	"revcycle/ledger/postgres"
	"revcycle/ledger/storetest"
)

// migrated is a database with an empty ledger, made once: the tests' are copies of it.
var migrated = sync.OnceValue(func() error {
	s, err := pgserver.Shared()
	if err != nil {
		return err
	}
	url, err := s.Database("migrated", "")
	if err != nil {
		return err
	}
	_, err = postgres.Migrate(context.Background(), url)
	return err
})

// fresh gives the URL of a new, empty ledger.
func fresh(t testing.TB) string {
	t.Helper()
	pgserver.ForTest(t)
	if err := migrated(); err != nil {
		t.Fatal(err)
	}
	return pgserver.Fresh(t, "migrated")
}

func open(t testing.TB, url string, o postgres.Options) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(context.Background(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestStoreKeepsTheContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) ledger.Store { return open(t, fresh(t), postgres.Options{}) })
}

func TestWhatWasDoneIsThereAfterOpeningAgain(t *testing.T) {
	url := fresh(t)
	storetest.Durable(t,
		func(t *testing.T) ledger.Store { return open(t, url, postgres.Options{}) },
		func(t *testing.T, s ledger.Store) ledger.Store {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			return open(t, url, postgres.Options{})
		})
}
