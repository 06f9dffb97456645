package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
)

// failing are the calls that a bad disk fails, with what it says.
var failing = []struct{ call, errno string }{
	{"write", "ENOSPC"}, {"pwrite64", "ENOSPC"}, {"fsync", "EIO"}, {"fdatasync", "EIO"}, {"mkdirat", "ENOSPC"}, {"ftruncate", "EIO"}, {"renameat", "EIO"},
}

// failFrom runs the job on a disk that fails the k-th of some call of each thread, and every one after it where
// forEver is set.
func (p place) failFrom(call, errno string, k int, forEver bool) (code int) {
	p.Helper()
	when := fmt.Sprint(k)
	if forEver {
		when += "+"
	}
	s := straced(p.job(), "-o", os.DevNull, "-e", "trace="+call, "-e", fmt.Sprintf("inject=%s:error=%s:when=%s", call, errno, when))
	s.Run()
	return s.ProcessState.ExitCode()
}

// A run on a disk that is full, or that fails an fsync, never says that it succeeded when it did not, and leaves a
// workspace in which the next run ends as an undisturbed one does.
func TestARunOnABadDiskGoesOn(t *testing.T) {
	if _, err := exec.LookPath("strace"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("strace is not here: under CI nothing is passed over")
		}
		t.Skip("strace is not here: apt-get install strace")
	}
	p := newSimulation(t, 24, 40)
	calm := p.copied()
	calm.night(simulatedAsOf, 3)
	want, left := calm.digest(simulatedAsOf), calm.leftovers()
	most := p.copied().calls()
	rng := rand.New(rand.NewPCG(24, 1))
	n, failed := points(t, 14), 0
	if n > 14 {
		n /= 8 // of the kills that the soak asks for
	}
	for i := range n {
		f := failing[i%len(failing)]
		if most[f.call] == 0 {
			continue
		}
		k, forEver := 1+rng.IntN(most[f.call]), i/len(failing)%2 == 1
		how := fmt.Sprintf("%s of %s number %d (for ever: %t)", f.errno, f.call, k, forEver)
		w := p.copied()
		switch code := w.failFrom(f.call, f.errno, k, forEver); code {
		case 3: // it says that all is done: then all is done
			if got := w.digest(simulatedAsOf); got != want {
				t.Errorf("%s: the run said exit 3, and the night differs:\n%s", how, lineDiff(got, want))
			}
		case 0:
			t.Errorf("%s: exit 0", how)
		default:
			failed++
		}
		w.survived(how, want, left)
		if err := os.RemoveAll(w.dir); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("soak: %d runs on a bad disk, %d ended by it; the next run made the same night", n, failed)
	if failed == 0 {
		t.Error("no run was ended by a bad disk")
	}
}
