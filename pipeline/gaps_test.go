package pipeline_test

import (
	"context"
	"testing"

	"revcycle/civil"
	"revcycle/ledger/mem"
	"revcycle/pipeline"
)

// A visit that is told again is one visit, as it was told last: V1 is cancelled the day after, V2 is told
// dearer, V3 is within the hold. Only V2 is a gap, at its new cost.
func TestAVisitCountsAsItWasToldLast(t *testing.T) {
	const header = "visit_id,account,class,status,admit,discharge,facility,payer,amount\n"
	n := newNight(t, sample, mem.New())
	n.put("visits-1.csv", []byte(header+"V1,A1,ambulatory,finished,2025-03-01,2025-03-01,EAST,12345,100.00\nV2,A2,ambulatory,finished,2025-03-02,2025-03-02,EAST,12345,200.00\n"))
	n.run(civil.Of(2025, 3, 30))
	n.put("visits-2.csv", []byte(header+"V1,A1,ambulatory,cancelled,2025-03-01,2025-03-01,EAST,12345,100.00\nV2,A2,ambulatory,finished,2025-03-02,2025-03-02,EAST,12345,250.00\nV3,A3,ambulatory,finished,2025-03-29,2025-03-29,EAST,12345,80.00\n"))
	n.run(civil.Of(2025, 3, 31))
	gaps, err := pipeline.Gaps(context.Background(), n.store, civil.Of(2025, 3, 31), 5)
	if err != nil || len(gaps) != 1 || gaps[0].Number != "V2" || gaps[0].Cost.String() != "250.00" {
		t.Errorf("got %+v, %v", gaps, err)
	}
}
