package extract

import (
	"revcycle/civil"
	"revcycle/claim"
	"revcycle/party"
)

// who is where a document belongs, as the masters map it.
type who struct{ facility, payer, plan, class, contract string }

func (w who) common(batch string) Common {
	return Common{BatchID: batch, FacilityID: w.facility, PayerID: w.payer, PlanID: w.plan, FinancialClass: w.class}
}

// ofClaim maps a claim's billing provider and payer on its first day of service. What is not mapped
// stands under the ID it came with.
func ofClaim(d *party.Directory, billing claim.NPI, tin, payer string, on civil.Date) who {
	var w who
	w.facility, _ = d.Facility(billing, tin, on)
	w.payer, w.plan, _ = d.Payer("837", payer, on)
	w.class = d.FinancialClass(w.payer, w.plan, on)
	w.contract = d.Contract(w.plan, on)
	return w
}

// ofPayment maps a payment's payee and payer on its date: by the payer's own ID, else by TRN03. Unmapped,
// the ID it came with stands, else TRN03.
func ofPayment(d *party.Directory, p *claim.Payment) who {
	var w who
	w.facility, _ = d.Facility(p.Payee.NPI, p.Payee.TaxID, p.Date)
	mapped := false
	if w.payer, w.plan, mapped = d.Payer("835", p.Payer.ID, p.Date); !mapped {
		if payer, plan, ok := d.Payer("TRN03", p.PayerTIN, p.Date); ok || w.payer == "" {
			w.payer, w.plan = payer, plan
		}
	}
	w.class = d.FinancialClass(w.payer, w.plan, p.Date)
	return w
}

// ofPayerKey maps the payer of a settlement or a denial, whose key is TRN03 or an ID of any source.
func ofPayerKey(d *party.Directory, base who, key string, on civil.Date) who {
	w := base
	for _, source := range []string{"TRN03", "835", "837"} {
		payer, plan, ok := d.Payer(source, key, on)
		if !ok {
			continue
		}
		w.payer = payer
		if plan != "" || payer != base.payer {
			w.plan = plan
		}
		w.class = d.FinancialClass(w.payer, w.plan, on)
		return w
	}
	if _, ok := d.PayerByID(key, on); ok {
		w.payer = key
		if key != base.payer {
			w.plan, w.class = "", d.FinancialClass(key, "", on)
		}
		return w
	}
	w.payer, w.plan, w.class = key, "", ""
	return w
}

// entity is the legal entity of a facility.
func entity(d *party.Directory, facility string, on civil.Date) string {
	f, _ := d.FacilityByID(facility, on)
	return f.Entity
}
