package river

import (
	"context"
	"testing"
)

// Three workers and a coordinator leave what one process leaves in memory, to the byte.
func TestThreeWorkersMakeTheSameNight(t *testing.T) {
	want := alone(t, 41, 2_000)
	n := newNight(t, 41, 2_000)
	for range 3 {
		n.start(testWorker{Jobs: 2})
	}
	if err := n.run(context.Background()); err != nil {
		t.Fatal(err)
	}
	n.same(want)
}
