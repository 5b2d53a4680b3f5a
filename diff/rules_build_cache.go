package diff

import (
	"regexp"
	"time"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// installsPackages matches instructions that install or update packages.
var installsPackages = regexp.MustCompile(`\b(apt-get|apt|apk|yum|dnf|microdnf|zypper|tdnf) .*\b(install|add|update|upgrade)\b` +
	`|\bpip3? install\b|\bnpm (ci|install)\b`)

// minCacheAge is how much older than its image a layer of packages must be to be reported.
const minCacheAge = 14 * 24 * time.Hour

// oldLayer (D13): a build cache supplied an old layer of packages. Only steps above the
// base count, since the steps of a base are always older.
func oldLayer(s sideOf) []Finding {
	created, base := s.img.Created(), s.base
	if created == nil || base.Steps == 0 || hasCommonDate(*s.img) {
		return nil
	}
	for _, st := range s.img.Steps[base.Steps:] {
		at := model.RealDate(st.Created)
		if at == nil || !st.HasLayer || created.Sub(*at) < minCacheAge || !installsPackages.MatchString(st.CreatedBy) {
			continue
		}
		days := int(created.Sub(*at).Hours() / 24)
		return []Finding{{
			Severity: 1, Rests: on(Structure), Evidence: stepEvidence(s.side, []model.Step{st}),
			Text: safe.Sprintf("In %s, the image is from %s, but its step %d (%s) is %d days older. It came from a build cache.",
				s.name, model.TimeText(*created), st.Index+1, instructionText(st), days),
			Next:  safe.Const("Build this stage with --no-cache-filter, and check cache-from. Updates since then are missing"),
			Proof: []safe.Text{safe.Sprintf("created = %s; step %d: %s", created.UTC().Format(rfc3339), st.Index+1, at.UTC().Format(rfc3339))},
			Check: s.configCheck(".created, [.history[]|{created,created_by}]"),
		}}
	}
	return nil
}
