package pipeline

// CommitEach makes commits of about n rows, so that a short night has many.
func (env *Env) CommitEach(n int) *Env {
	env.groupRows = n
	return env
}

// BreakOn has the program break where f panics: it is told of each claim that is judged and each unit that is read.
func (env *Env) BreakOn(f func(on string)) *Env {
	env.broke = f
	return env
}
