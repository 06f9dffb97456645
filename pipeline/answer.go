package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"revcycle/parsers"
	"revcycle/parsers/x12"
	"revcycle/workspace"
)

// answersPerBatch is how many control numbers a batch has for its answers: those of batch 7 begin with 700000.
const answersPerBatch = 100_000

// writeAnswers lays the TA1, 999 and 277CA that answer the files of the batch into outbox/answers, for the partners whose agreement wants
// them. The same batch makes the same bytes, so that a run which was killed does it again.
func (env *Env) writeAnswers(ctx context.Context, how agreements) error {
	if !how.partners.Answered() {
		return nil
	}
	files, err := env.filesOf(ctx)
	if err != nil {
		return err
	}
	used := 0
	for _, f := range files {
		if f.Layout == nil || f.DuplicateOf != "" || f.Released != "" {
			continue
		}
		first := used
		used += len(f.Layout.Interchanges) + 2*f.Layout.Groups
		if used > answersPerBatch {
			return fmt.Errorf("answers of batch %s: more than %d control numbers are wanted", env.Batch.ID, answersPerBatch)
		}
		name := fmt.Sprintf("%s-%s.ack", env.Batch.ID, f.SHA.Short())
		if there, err := env.Workspace.Answered(name); err != nil || there {
			if err != nil {
				return err
			}
			continue
		}
		if err := env.answerFile(f, how, name, first); err != nil {
			return fmt.Errorf("answer %s: %w", f.Name, err)
		}
	}
	return nil
}

// answerFile writes the answers to one file, where a partner wants any.
func (env *Env) answerFile(f *received, how agreements, name string, used int) error {
	o, err := env.Workspace.OpenArchived(f.SHA)
	if err != nil {
		return err
	}
	defer o.Close()
	var in parsers.Received
	for i := range f.Layout.Interchanges {
		x := &f.Layout.Interchanges[i]
		p := how.partners.For(x.Sender, x.Receiver)
		if p == nil || !p.Answers {
			continue
		}
		all, err := parsers.Receive(io.NewSectionReader(o, 0, o.Size()), &p.Policy)
		if bad, ok := errors.AsType[*x12.SyntaxError](err); ok {
			env.Log.Warn("a file cannot be answered", "file", f.Name, "why", bad.Message)
			return nil
		}
		if err != nil {
			return err
		}
		for k := range all.Interchanges {
			if all.Interchanges[k].Ordinal == x.Ordinal {
				in.Interchanges = append(in.Interchanges, all.Interchanges[k])
			}
		}
	}
	if len(in.Interchanges) == 0 {
		return nil
	}
	next := func(format string) func() (string, error) {
		return func() (string, error) {
			used++
			return fmt.Sprintf(format, env.Batch.No*answersPerBatch+int64(used)), nil
		}
	}
	var b bytes.Buffer
	done, err := parsers.WriteAnswers(&b, o, in, parsers.Answering{Date: env.Batch.AsOf, Time: "0000", Arrived: env.Batch.AsOf, Interchange: next("%09d"), Group: next("%d")})
	if err != nil || done.TA1+done.Sets == 0 {
		return err
	}
	return env.Workspace.PutOut(workspace.OutAnswers, name, b.Bytes())
}
