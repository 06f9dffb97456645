package parsers

import (
	"fmt"
	"slices"
	"strings"

	"revcycle/parsers/set"
	"revcycle/parsers/snip"
	"revcycle/parsers/x12"
	"revcycle/parsers/x835"
	"revcycle/parsers/x837"
	"revcycle/spelling"
)

// CodePartnerUsage is a set of an interchange that is marked as a test (ISA15 = T) where the partner's agreement takes production only, or
// the other way about. SNIP type 7.
const CodePartnerUsage = "PARTNER_USAGE"

// lossy are the faults that nobody can tolerate: what they break cannot be read, or does not add up.
var lossy = []string{
	x12.CodeNotX12, x12.CodeTruncated, x12.CodeDelimiters, x12.CodeSegmentTooLong, x12.CodeTooManyElements, x12.CodeBinaryLength, x12.CodeISAUnreadable, x12.CodeNoISA,
	x12.CodeMissingSE, x12.CodeMissingGE, x12.CodeMissingIEA, x12.CodeSEOutside, x12.CodeGEOutside, x12.CodeIEAOutside, x12.CodeSegmentOutside,
	x12.CodeSTOutside, x12.CodeGSOutside, x12.CodeAmount, CodeHLDepth, x837.CodeStray, x837.CodeLevel, set.CodeTorn, set.CodeMissing,
	x835.CodeNoPayment, x835.CodeSetBalance, x835.CodeClaimBalance, x835.CodeLineBalance,
}

// Tolerable reports whether a partner file may name a fault: a code that is found somewhere, with a place behind it or not (SE01_COUNT,
// ELEMENT_MISSING TRN03). The error says why not.
func Tolerable(key string) error {
	code, place, _ := strings.Cut(key, " ")
	switch {
	case slices.Contains(lossy, code):
		return fmt.Errorf("%s cannot be tolerated: what it breaks cannot be read or does not add up", code)
	case !slices.Contains(tolerable, code):
		if near := spelling.Nearest(code, tolerable); near != "" {
			return fmt.Errorf("no fault is called %q; did you mean %s?", code, near)
		}
		return fmt.Errorf("no fault is called %q; revcycle inspect prints the codes of what it finds", code)
	case strings.ContainsAny(place, " \t") || place != strings.ToUpper(place):
		return fmt.Errorf("%q is no place: write a segment or an element behind the code, such as ELEMENT_MISSING TRN03", place)
	}
	return nil
}

// tolerable are the other faults: those of envelopes that agree or not, of elements, of guides and between segments.
var tolerable = slices.Concat(acceptable, []string{CodeHLParent}, x12.ElementCodes, x12.GuideCodes, snip.Codes())
