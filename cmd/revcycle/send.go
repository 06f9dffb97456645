package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"time"

	"revcycle/pipeline"
	"revcycle/workspace"
)

// The bounds of telling one receiver.
const (
	mailTimeout    = 30 * time.Second
	webhookTimeout = 10 * time.Second // of one try
)

// sender tells receivers how a run ended.
type sender struct {
	pauses []time.Duration // before each try at a webhook
}

func newSender() sender { return sender{[]time.Duration{0, 2 * time.Second, 8 * time.Second}} }

// send tells one receiver. Its errors show neither an address nor a URL.
func (s sender) send(ctx context.Context, to workspace.Notice, n pipeline.Notice) error {
	if len(to.Mail) > 0 {
		return sendMail(ctx, to, n)
	}
	return s.post(ctx, to, n)
}

// sendMail gives the text to the mail command; no shell reads its words.
func sendMail(ctx context.Context, to workspace.Notice, n pipeline.Notice) error {
	ctx, cancel := context.WithTimeout(ctx, mailTimeout)
	defer cancel()
	args := make([]string, len(to.Mail)-1)
	for i, a := range to.Mail[1:] {
		args[i] = strings.ReplaceAll(a, "{subject}", n.Subject())
	}
	text := n.Body()
	if to.To != "" {
		text = fmt.Sprintf("To: %s\nSubject: %s\n\n%s", to.To, n.Subject(), text)
	}
	c := exec.CommandContext(ctx, to.Mail[0], args...)
	c.Stdin = strings.NewReader(text)
	c.WaitDelay = time.Second // what the command left running is not waited for
	if err := c.Run(); err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		if ctx.Err() != nil {
			return fmt.Errorf("the command did not end within %s", mailTimeout)
		}
		return fmt.Errorf("the command failed: %w", err)
	}
	return nil
}

// errFinal is wrapped by a refusal that another try would not change.
var errFinal = errors.New("refused")

// post sends the notice to a webhook, several times where it must.
func (s sender) post(ctx context.Context, to workspace.Notice, n pipeline.Notice) error {
	body, err := n.JSON()
	if err != nil {
		return err
	}
	header, err := readHeader(to.HeaderFile)
	if err != nil {
		return err
	}
	for _, pause := range s.pauses {
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-time.After(pause):
		}
		if err = postOnce(ctx, to.Webhook, header, body); err == nil || errors.Is(err, errFinal) {
			return err
		}
	}
	return fmt.Errorf("%d tries: %w", len(s.pauses), err)
}

func postOnce(ctx context.Context, address string, header http.Header, body []byte) error {
	client := http.Client{Timeout: webhookTimeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%w: the address cannot be used", errFinal)
	}
	req.Header = header.Clone()
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "revcycle/"+version)
	resp, err := client.Do(req)
	if bad, ok := errors.AsType[*url.Error](err); ok {
		return bad.Err // without the address
	} else if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, 1<<16) // so that the connection ends well; what it says is not ours
	switch code := resp.StatusCode; {
	case code < 300:
		return nil
	case code == http.StatusTooManyRequests, code == http.StatusRequestTimeout, code >= 500:
		return fmt.Errorf("the answer is %s", resp.Status)
	default: // a redirection too: the address that is written down is the one that is meant
		return fmt.Errorf("%w: the answer is %s", errFinal, resp.Status)
	}
}

// readHeader reads the lines NAME: VALUE of a header file; empty lines and those that begin with # are left out.
func readHeader(name string) (http.Header, error) {
	header := http.Header{}
	if name == "" {
		return header, nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("%w: header_file: %w", errFinal, err)
	}
	at := 0
	for line := range strings.Lines(string(text)) {
		at++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		key, value, ok := strings.Cut(line, ":")
		if !ok || key == "" || strings.ContainsAny(key, " \t") {
			return nil, fmt.Errorf("%w: header_file line %d: write NAME: VALUE", errFinal, at)
		}
		header.Add(key, strings.TrimSpace(value))
	}
	return header, nil
}
