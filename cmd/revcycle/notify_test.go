package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"revcycle/pipeline"
	"revcycle/workspace"
)

// hook is a webhook on this machine that answers with the codes of a list, the last one for ever.
type hook struct {
	*httptest.Server
	answers []int
	bodies  []string
	headers []http.Header
}

func newHook(t *testing.T, answers ...int) *hook {
	h := &hook{answers: answers}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Method != http.MethodPost {
			t.Errorf("%s, %v", r.Method, err)
		}
		h.bodies, h.headers = append(h.bodies, string(body)), append(h.headers, r.Header)
		code := h.answers[min(len(h.bodies), len(h.answers))-1]
		if code == http.StatusFound {
			w.Header().Set("Location", "/elsewhere")
		}
		w.WriteHeader(code)
	}))
	t.Cleanup(h.Close)
	return h
}

var quick = sender{[]time.Duration{0, time.Millisecond, time.Millisecond}}

func badNight() pipeline.Notice {
	sum := pipeline.Summary{Batch: "2026-11-22-001", Exit: 3, Files: []pipeline.FileSummary{{Name: "DOE_JANE.835"}}, Missing: []string{"doe_*.835: 0 of 1 expected files came"}}
	sum.Counts.Claims, sum.Totals.Paid = 12, 123456
	return pipeline.NewNotice("host", 3, meaningOf(3), sum)
}

// A receiver that fails for a moment is asked again, one that refuses is not, and a redirection is not followed.
func TestAWebhookIsTriedThreeTimesWhereThatHelps(t *testing.T) {
	for _, c := range []struct {
		answers []int
		tries   int
		told    bool
	}{
		{[]int{200}, 1, true}, {[]int{204}, 1, true}, {[]int{503, 429, 200}, 3, true}, {[]int{500}, 3, false}, {[]int{404}, 1, false}, {[]int{302}, 1, false},
	} {
		h := newHook(t, c.answers...)
		err := quick.send(context.Background(), workspace.Notice{Webhook: h.URL + "/s3cret"}, badNight())
		if (err == nil) != c.told || len(h.bodies) != c.tries {
			t.Errorf("answers %v: %d tries, %v; want %d tries, told %t", c.answers, len(h.bodies), err, c.tries, c.told)
		}
		if err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%v shows the address", err)
		}
	}
	gone := newHook(t, 200)
	gone.Close()
	err := quick.send(context.Background(), workspace.Notice{Webhook: gone.URL + "/s3cret"}, badNight())
	if err == nil || !strings.Contains(err.Error(), "3 tries") || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("nobody listens: got %v", err)
	}
}

// What leaves the house has the figures and the headers that were asked for, and no file's name.
func TestAWebhookGetsFiguresAndNoFilesName(t *testing.T) {
	h := newHook(t, 200)
	file := filepath.Join(t.TempDir(), "headers")
	if err := os.WriteFile(file, []byte("# of the chat\nAuthorization: Bearer t0ken\n\nX-Team: billing\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := quick.send(context.Background(), workspace.Notice{Webhook: h.URL, HeaderFile: file}, badNight()); err != nil {
		t.Fatal(err)
	}
	if h.headers[0].Get("Authorization") != "Bearer t0ken" || h.headers[0].Get("X-Team") != "billing" || h.headers[0].Get("Content-Type") != "application/json" {
		t.Errorf("headers %v", h.headers[0])
	}
	var got struct {
		Batch, Text   string
		Exit, Missing int
		Counts        map[string]int
		Totals        map[string]string
	}
	if err := json.Unmarshal([]byte(h.bodies[0]), &got); err != nil {
		t.Fatal(err)
	}
	if got.Batch != "2026-11-22-001" || got.Exit != 3 || got.Missing != 1 || got.Counts["claims"] != 12 || got.Totals["paid"] != "1234.56" || !strings.Contains(got.Text, "quarantined or rejected") {
		t.Errorf("got %s", h.bodies[0])
	}
	if all := h.bodies[0] + badNight().Body(); strings.Contains(strings.ToLower(all), "doe") {
		t.Errorf("a file's name left the house: %s", all)
	}
	if err := os.WriteFile(file, []byte("t0ken\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := quick.send(context.Background(), workspace.Notice{Webhook: h.URL, HeaderFile: file}, badNight())
	if err == nil || !strings.Contains(err.Error(), "line 1") || strings.Contains(err.Error(), "t0ken") || len(h.bodies) != 1 {
		t.Errorf("a header file without a name: got %v after %d posts", err, len(h.bodies))
	}
}

// A command gets its words as they are written, without a shell, and the text on its standard input.
func TestAMailCommandGetsSubjectAndText(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "mail")
	if err := os.WriteFile(script, []byte("#!/bin/sh\nprintf '%s\\n' \"$@\" >"+dir+"/args\ncat >"+dir+"/text\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	err := quick.send(context.Background(), workspace.Notice{Mail: []string{script, "-s", "{subject}", "$(id)"}, To: "a@example.org"}, badNight())
	if err != nil {
		t.Fatal(err)
	}
	p := place{TB: t}
	subject := "revcycle on host, batch 2026-11-22-001: exit 3: done, and something was quarantined or rejected"
	if got, want := string(p.read(dir+"/args")), "-s\n"+subject+"\n$(id)\n"; got != want {
		t.Errorf("words: got %q, want %q", got, want)
	}
	if got := string(p.read(dir + "/text")); !strings.HasPrefix(got, "To: a@example.org\nSubject: "+subject+"\n\n"+subject+"\n") || !strings.Contains(got, "paid                   1234.56\n") {
		t.Errorf("text: got %s", got)
	}
	for _, bad := range [][]string{{"false"}, {filepath.Join(dir, "none")}} {
		if err := quick.send(context.Background(), workspace.Notice{Mail: bad}, badNight()); err == nil {
			t.Errorf("%v: it failed, and nobody says so", bad)
		}
	}
}

// Who wants to know of what: the exit codes of CONTRACT, one by one.
func TestEachReceiverIsToldOfItsOwnEnds(t *testing.T) {
	for when, want := range map[workspace.Occasion][]int{
		workspace.Always: {0, 1, 2, 3, 4, 5, 6, 7, 130}, workspace.Attention: {1, 2, 3, 4, 5, 6, 7, 130}, workspace.Failure: {1, 2, 4, 5, 7, 130},
	} {
		var got []int
		for _, m := range exitMeanings {
			if wanted(when, m.code) {
				got = append(got, m.code)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: told of %v, want %v", when, got, want)
		}
	}
}

// A run tells how it ended, each time: published, nothing to do, failed before it began. That a receiver
// cannot be told changes no exit code and is counted.
func TestARunTellsHowItEnded(t *testing.T) {
	h := newHook(t, 200)
	p := newPlace(t, "operations")
	p.configure("notify:\n  - webhook: " + h.URL + "\n  - mail: \"false\"\n    when: attention\n")
	p.drop(goldenCase+"/in/submitted.837p", "testdata/files/torn.837")
	sum := p.night("2025-04-01", 3)
	p.night("2025-04-01", 0)
	if e := revcycle(t, "run", "-C", p.dir, "--as-of", "2025-03-01", "--log-format", "json"); e.code != 2 {
		t.Errorf("a date in the past: exit %d: %s", e.code, e.err)
	} else if !strings.Contains(e.err, `"receiver":"mail by false"`) {
		t.Errorf("the log does not say who was not told: %s", e.err)
	}
	var exits []int
	for i, b := range h.bodies {
		var n pipeline.Notice
		p.decode(b, &n)
		exits = append(exits, n.Exit)
		if i == 0 && (n.Batch != sum.Batch || n.Totals != sum.Totals || n.Counts != sum.Counts) {
			t.Errorf("told %+v of %+v", n, sum)
		}
		for _, f := range sum.Files {
			if strings.Contains(b, f.Name) {
				t.Errorf("a file's name left the house: %s", b)
			}
		}
	}
	if !slices.Equal(exits, []int{3, 0, 2}) {
		t.Errorf("told of %v, want 3, 0 and 2", exits)
	}
	metrics := string(p.read(filepath.Join(p.dir, "metrics", "revcycle_run.prom")))
	for _, want := range []string{"\nrevcycle_run_exit_code 2\n", "\nrevcycle_notify_failures_total 2\n", "\nrevcycle_last_success_timestamp_seconds 1"} {
		if !strings.Contains(metrics, want) {
			t.Errorf("metrics lack %q:\n%s", want, metrics)
		}
	}
	if e := revcycle(t, "notify", "--test", "-C", p.dir); e.code != 1 || !strings.Contains(e.out, "told") || !strings.Contains(e.out, "failed") {
		t.Errorf("notify --test: exit %d: %s%s", e.code, e.out, e.err)
	}
}

// Of a unit that systemd says has failed the receivers are told where no run could tell them itself.
func TestAServiceThatWasKilledIsTold(t *testing.T) {
	h := newHook(t, 200)
	p := newPlace(t, "operations")
	p.configure("notify:\n  - webhook: " + h.URL + "\n    when: failure\n")
	for _, c := range []struct {
		result, code, status string
		told                 int
	}{{"oom-kill", "killed", "KILL", 1}, {"exit-code", "exited", "4", 0}, {"exit-code", "exited", "203", 1}, {"start-limit-hit", "", "", 1}} {
		h.bodies = nil
		cmd := command(t, "notify", "--failed", "revcycle-run.service", "-C", p.dir)
		cmd.Env = append(cmd.Env, "MONITOR_SERVICE_RESULT="+c.result, "MONITOR_EXIT_CODE="+c.code, "MONITOR_EXIT_STATUS="+c.status)
		if e := finish(t, cmd); e.code != 0 || len(h.bodies) != c.told {
			t.Errorf("%+v: exit %d, told %d times: %s", c, e.code, len(h.bodies), e.err)
		}
		if c.told > 0 && !strings.Contains(strings.Join(h.bodies, ""), "revcycle-run.service failed: "+c.result) {
			t.Errorf("%+v: told %s", c, h.bodies)
		}
	}
}

// configure puts settings in the place of revcycle.yaml.
func (p place) configure(text string) {
	p.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, "revcycle.yaml"), []byte(text), 0o600); err != nil {
		p.Fatal(err)
	}
}

// logLine is what every line of --log-format json has.
type logLine struct {
	Time  time.Time `json:"time"`
	Level string    `json:"level"`
	Msg   string    `json:"msg"`
	Batch string    `json:"batch"`
	Stage string    `json:"stage"`
	Exit  *int      `json:"exit"`
}

// logLines reads every line strictly, in UTC.
func logLines(t *testing.T, text string) []logLine {
	t.Helper()
	var out []logLine
	for line := range strings.Lines(text) {
		var l logLine
		if err := json.Unmarshal([]byte(line), &l); err != nil || l.Msg == "" || l.Level == "" || !strings.HasSuffix(line, "\n") {
			t.Errorf("%q: %v", line, err)
			continue
		}
		if _, offset := l.Time.Zone(); l.Time.IsZero() || offset != 0 || !strings.Contains(line, `Z","level"`) {
			t.Errorf("%q: its time is not in UTC", line)
		}
		out = append(out, l)
	}
	return out
}

// A collector reads the log while it is written, and also what a killed run left of it.
func TestTheLogIsLinesOfJSONEvenWhereTheRunIsKilled(t *testing.T) {
	p := newPlace(t, "operations")
	p.drop(demoInbox + "/*.83*")
	args := []string{"run", "-C", p.dir, "--as-of", "2025-04-01", "--log-format", "json", "--verbose"}
	lines := 0
	for i := range 6 {
		c := command(t, args...)
		c.Env = append(c.Env, "TZ=America/Chicago")
		var log bytes.Buffer
		c.Stderr = &log
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Duration(30+60*i)*time.Millisecond, func() { c.Process.Kill() })
		c.Wait() // killed, or at its end
		for _, l := range logLines(t, log.String()) {
			if lines++; l.Stage != "" && l.Batch == "" {
				t.Errorf("%+v: a stage without its batch", l)
			}
		}
	}
	e := revcycle(t, args...)
	last := logLines(t, e.err)
	if n := len(last); n == 0 || last[n-1].Msg != "run ended" || *last[n-1].Exit != e.code {
		t.Errorf("the last line is %+v, want the end of the run", last)
	}
	if lines += len(last); lines < 2*len(pipeline.Stages) {
		t.Errorf("%d lines in all, want two for each stage at least", lines)
	}
	// Who did not ask for more hears of no stage.
	p.drop(goldenCase + "/in/submitted.837p")
	e = revcycle(t, args[:len(args)-1]...)
	for _, l := range logLines(t, e.err) {
		if l.Level == "DEBUG" || l.Stage != "" {
			t.Errorf("without --verbose: %+v", l)
		}
	}
	// An error is a line too.
	e = revcycle(t, "run", "-C", filepath.Join(p.dir, "nowhere"), "--log-format", "json")
	if l := logLines(t, e.err); len(l) != 1 || l[0].Level != "ERROR" || l[0].Exit == nil || *l[0].Exit != 2 {
		t.Errorf("exit %d: %s", e.code, e.err)
	}
}

// A quiet night's mail says so; what was done has no code to explain.
func TestTheSubjectOfAQuietNightSaysNothingNew(t *testing.T) {
	var worked pipeline.Summary
	worked.Batch, worked.Counts.Claims = "2026-11-22-001", 12
	for want, ran := range map[string]pipeline.Summary{
		"revcycle on host, batch 2026-11-22-001: nothing new": {Batch: "2026-11-22-001"},
		"revcycle on host, batch 2026-11-22-001: done":        worked,
	} {
		a := app{ran: ran}
		if got := pipeline.NewNotice("host", exitDone, a.endOf(exitDone), ran).Subject(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
