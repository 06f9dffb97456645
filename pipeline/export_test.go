package pipeline

// CommitEach makes commits of about n rows, so that a short night has many.
func (env *Env) CommitEach(n int) *Env {
	env.groupRows = n
	return env
}
