package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"revcycle/fixtures/pgserver"
)

// again are a night whose payer's fee table is cut off, and what a manager does in the days behind it.
var again = struct{ retry, rerun, second []string }{
	[]string{"retry"},
	[]string{"rerun", "all", "--stage", "assess", "--reason", "a corrected page"},
	[]string{"rerun", "all", "--stage", "assess", "--reason", "another page"},
}

// A retry and a rerun make the same ledger beside workers as without them: beside workers that are idle, beside those that still
// have units of a night in hand whose run was killed, and where workers end what a rerun that was killed began. Meanwhile no other
// run begins.
func TestRetryAndRerunBesideWorkers(t *testing.T) {
	p := newSimulation(t, 53, atSize(200, 5_000))
	p.put("claim.837", p.read("testdata/files/claim.837"))
	p.put("remit.835", p.read("testdata/files/remit.835"))
	p.amend("99213,,92.00", "99213,,9Z.00")
	w := p.copied().onPostgres()
	var want []string // of one process on SQLite, behind each of them
	p.night(simulatedAsOf, 3)
	p.amend("99213,,9Z.00", "99213,,92.00")
	p.said(again.retry)
	want = append(want, p.digest(simulatedAsOf)+p.acts())
	p.amend("92.00,page 3", "92.00,page 4")
	p.said(again.rerun)
	want = append(want, p.digest(simulatedAsOf)+p.acts())
	p.amend("92.00,page 4", "92.00,page 5")
	p.said(again.second)
	want = append(want, p.digest(simulatedAsOf)+p.acts())
	if want[0] == want[1] || want[1] == want[2] {
		t.Error("a rerun without workers changes nothing")
	}
	stands := func(what, want string) {
		t.Helper()
		if got := w.digest(simulatedAsOf) + w.acts(); got != want {
			t.Errorf("%s: it differs:\n%s", what, lineDiff(got, want))
		}
	}

	for range 3 {
		w.worker()
	}
	w.working(3)
	start := time.Now()
	w.killedOnceBusy()
	w.night(simulatedAsOf, 3)
	w.amend("99213,,9Z.00", "99213,,92.00")
	w.said(again.retry)
	stands("a retry beside workers", want[0])
	w.amend("92.00,page 3", "92.00,page 4")
	w.rerunAlone(again.rerun)
	stands("a rerun beside idle workers", want[1])
	w.amend("92.00,page 4", "92.00,page 5")
	w.killedOnceBegun(again.second)
	w.said([]string{"run", "--distributed"})
	stands("a rerun that was killed and that workers ended", want[2])
	w.verified()
	t.Logf("soak: three workers beside a killed night, a retry and two reruns: the same bytes as from one process on SQLite, in %s", time.Since(start).Round(time.Millisecond))
}

// killedOnceBusy kills a run when a worker has units of it in hand.
func (p place) killedOnceBusy() {
	p.Helper()
	c := command(p.TB, "run", "-C", p.dir, "--as-of", simulatedAsOf, "--distributed")
	p.killedOnce(c, "SELECT count(*) > 0 FROM river.river_job WHERE state IN ('running', 'completed')")
}

// killedOnceBegun kills a rerun when its batch is open.
func (p place) killedOnceBegun(verb []string) {
	p.Helper()
	before, _ := p.batches()
	p.killedOnce(p.saying(verb), fmt.Sprintf("SELECT count(*) > %d FROM revcycle.batch", before))
	if _, open := p.batches(); !open {
		p.Error("the rerun was killed behind its end")
	}
}

// killedOnce kills a command as soon as a question to the database is answered with yes.
func (p place) killedOnce(c *exec.Cmd, question string) {
	p.Helper()
	if err := c.Start(); err != nil {
		p.Fatal(err)
	}
	p.until(question)
	c.Process.Kill()
	c.Wait()
}

// until waits until a question to the ledger's server is answered with yes. The server asks itself, which is faster than we could.
func (p place) until(question string) {
	p.Helper()
	url := p.database()
	wait := fmt.Sprintf("DO $$ BEGIN FOR i IN 1..10000 LOOP IF (%s) THEN RETURN; END IF; PERFORM pg_sleep(0.002); END LOOP; RAISE 'it did not come'; END $$", question)
	if _, err := pgserver.ForTest(p).SQL(url[strings.LastIndex(url, "/")+1:], wait); err != nil {
		p.Fatalf("%s: %v", question, err)
	}
}

// rerunAlone makes a rerun, holds it in its midst, and wants it named to those who would run meanwhile in its workspace or its database.
func (p place) rerunAlone(verb []string) {
	p.Helper()
	before, _ := p.batches()
	c := p.saying(verb)
	if err := c.Start(); err != nil {
		p.Fatal(err)
	}
	p.until(fmt.Sprintf("SELECT count(*) > %d FROM revcycle.batch", before))
	if err := c.Process.Signal(syscall.SIGSTOP); err != nil {
		p.Fatal(err)
	}
	host, _ := os.Hostname()
	host, _, _ = strings.Cut(host, ".")
	for _, at := range []struct{ dir, holder string }{
		{p.dir, fmt.Sprintf("held by process %d on ", c.Process.Pid)},
		{p.copied().dir, fmt.Sprintf("revcycle rerun %s %d", host, c.Process.Pid)},
	} {
		e := revcycle(p, "run", "-C", at.dir, "--as-of", simulatedAsOf, "--distributed")
		if e.code != 5 || !strings.Contains(e.err, at.holder) {
			p.Errorf("a run beside a rerun: exit %d, want 5 and the words %q: %s", e.code, at.holder, e.err)
		}
	}
	if err := c.Process.Signal(syscall.SIGCONT); err != nil {
		p.Fatal(err)
	}
	c.Wait()
	if code := c.ProcessState.ExitCode(); code != 0 && code != 3 {
		p.Errorf("%v: exit %d", verb, code)
	}
}
