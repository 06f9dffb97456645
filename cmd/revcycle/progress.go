package main

import (
	"os"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"
)

// quietFor is how long a stage runs before it gets a bar: most are done before anybody looks.
const quietFor = time.Second

// progress gives what shows a bar a stage, on a terminal only; nil elsewhere.
func (a *app) progress() func(stage string, done, all int) {
	f, ok := a.err.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) || os.Getenv("TERM") == "dumb" || a.logFormat == "json" {
		return nil
	}
	b := &bars{app: a, out: f}
	return b.tell
}

// bars shows the bar of the stage that runs. It is told of units by one goroutine.
type bars struct {
	app   *app
	out   *os.File
	stage string
	since time.Time
	shown *mpb.Progress
	bar   *mpb.Bar
}

func (b *bars) tell(stage string, done, all int) {
	now := b.app.clock()
	if stage != b.stage {
		b.end()
		b.stage, b.since = stage, now
	}
	if b.bar == nil && done < all && now.Sub(b.since) > quietFor {
		b.shown = mpb.New(mpb.WithOutput(b.out), mpb.WithWidth(40))
		b.bar = b.shown.AddBar(int64(all),
			mpb.PrependDecorators(decor.Name(stage, decor.WC{W: 10, C: decor.DindentRight})),
			mpb.AppendDecorators(decor.CountersNoUnit("%d of %d units"), decor.Name("  "), decor.Elapsed(decor.ET_STYLE_GO)))
	}
	if b.bar == nil {
		return
	}
	b.bar.SetTotal(int64(all), false)
	b.bar.SetCurrent(int64(done))
	if done >= all {
		b.end()
	}
}

// end leaves the bar as it stands and goes to the next line.
func (b *bars) end() {
	if b.bar == nil {
		return
	}
	b.bar.EnableTriggerComplete()
	b.bar.Abort(false)
	b.shown.Wait()
	b.shown, b.bar = nil, nil
}
