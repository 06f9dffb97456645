package workspace

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Occasion is which ends of a run a receiver is told of.
type Occasion string

// The occasions.
const (
	Always    Occasion = "always"    // every run
	Failure   Occasion = "failure"   // nothing new was published
	Attention Occasion = "attention" // a failure, and also a run that published and left something to look at
)

// Notice is one entry of notify: who is told how a run ended. It has a mail command or a webhook.
type Notice struct {
	When       Occasion
	Mail       []string // the command and its arguments; no shell reads them
	To         string   // "" = the command knows; otherwise the text begins with To: and Subject:
	Webhook    string   // URL; https, or http on this machine
	HeaderFile string   // of the webhook: a file of lines NAME: VALUE; "" = none
}

// Name tells receivers apart without showing an address or the secret that a URL may hold.
func (n Notice) Name() string {
	if len(n.Mail) > 0 {
		return "mail by " + n.Mail[0]
	}
	if u, err := url.Parse(n.Webhook); err == nil {
		return "webhook at " + u.Host
	}
	return "webhook"
}

var noticeKeys = []string{"when", "mail", "to", "webhook", "header_file"}

func parseNotify(n *yaml.Node) ([]Notice, error) {
	if n.Kind != yaml.SequenceNode {
		return nil, errors.New("takes a list; write - when: failure and a line mail: or webhook: under it")
	}
	var out []Notice
	for _, item := range n.Content {
		one, err := parseNotice(item)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

func parseNotice(item *yaml.Node) (Notice, error) {
	out := Notice{When: Always}
	if item.Kind != yaml.MappingNode {
		return out, fmt.Errorf("line %d: when: and mail: or webhook: are wanted", item.Line)
	}
	for i := 0; i+1 < len(item.Content); i += 2 {
		key, value := item.Content[i], item.Content[i+1].Value
		var err error
		switch key.Value {
		case "when":
			if out.When = Occasion(value); out.When != Always && out.When != Failure && out.When != Attention {
				err = fmt.Errorf("when: %q is none of always, failure, attention", value)
			}
		case "mail":
			if out.Mail, err = words(value); err == nil && len(out.Mail) == 0 {
				err = errors.New("mail: is empty; write a command, such as msmtp -t")
			}
		case "to":
			if out.To = value; strings.ContainsAny(value, "\r\n") {
				err = errors.New("to: is more than one line")
			}
		case "webhook":
			out.Webhook, err = value, checkWebhook(value)
		case "header_file":
			out.HeaderFile = value
		default:
			err = unknownKey(key.Value, noticeKeys)
		}
		if err != nil {
			return out, fmt.Errorf("line %d: %w", key.Line, err)
		}
	}
	switch {
	case (len(out.Mail) > 0) == (out.Webhook != ""):
		return out, fmt.Errorf("line %d: write mail: or webhook:, one of them", item.Line)
	case out.To != "" && out.Webhook != "":
		return out, fmt.Errorf("line %d: to: belongs to mail:", item.Line)
	case out.HeaderFile != "" && len(out.Mail) > 0:
		return out, fmt.Errorf("line %d: header_file: belongs to webhook:", item.Line)
	}
	return out, nil
}

// checkWebhook takes https anywhere, and http on this machine only. Its errors do not show the URL, which may hold a secret.
func checkWebhook(s string) error {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		return errors.New("webhook: is no address; write https://host/path")
	case u.User != nil:
		return errors.New("webhook: holds a password; write it as a line Authorization: … into header_file")
	case u.Scheme == "http" && !thisMachine(u.Hostname()):
		return errors.New("webhook: sends in the clear; write https://")
	}
	return nil
}

func thisMachine(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// words cuts a command at its blanks. What stands between ' or between " is one word; nothing else means anything.
func words(s string) ([]string, error) {
	var out []string
	var word strings.Builder
	begun, quote := false, rune(0)
	for _, r := range s {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			begun, quote = true, r
		case quote == 0 && (r == ' ' || r == '\t' || r == '\n'):
			if begun {
				out = append(out, word.String())
			}
			word.Reset()
			begun = false
		default:
			begun = true
			word.WriteRune(r)
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("mail: a %c is opened and not closed", quote)
	}
	if begun {
		out = append(out, word.String())
	}
	return out, nil
}
