package pipeline

import "context"

// Awaited says, a sentence each, which expected files of the business date have come neither to the ledger nor to the
// inbox, complete. It needs Store, Workspace, Clock and Batch.AsOf of env alone.
func (env *Env) Awaited(ctx context.Context) ([]string, error) {
	came, err := env.cameIn(ctx)
	if err != nil {
		return nil, err
	}
	files, err := env.Workspace.Inbox(env.Clock())
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if f.Complete {
			came = append(came, f.Name)
		}
	}
	var out []string
	for _, a := range env.Workspace.Absent(env.Batch.AsOf, came) {
		out = append(out, a.Sentence)
	}
	return out, nil
}
