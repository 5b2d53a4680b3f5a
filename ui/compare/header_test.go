package compare

import (
	"testing"

	"github.com/tagdiff/tagdiff/model/safe"
)

func TestUpperHeadline(t *testing.T) {
	for in, want := range map[string]string{
		"Same files, different settings: the label b differs":                        "SAME FILES, DIFFERENT SETTINGS: THE LABEL b DIFFERS",
		"Same files, different settings: the labels a, Bb and c differ; CMD differs": "SAME FILES, DIFFERENT SETTINGS: THE LABELS a, Bb AND c DIFFER; CMD DIFFERS",
		"COPY Layer2 x is only in :v2; LABEL version a → b; x is new":                "COPY Layer2 x IS ONLY IN :v2; LABEL version a → b; X IS NEW",
		"RUN make all gave different files, on both platforms":                       "RUN make all GAVE DIFFERENT FILES, ON BOTH PLATFORMS",
		"Same files, different settings: the label version v1alpha → v1beta":         "SAME FILES, DIFFERENT SETTINGS: THE LABEL version v1alpha → v1beta",
		"the variable http_proxy is new in :b; dates differ":                         "THE VARIABLE http_proxy IS NEW IN :b; DATES DIFFER",
		"1 of 4 layers differs: jib: classes":                                        "1 OF 4 LAYERS DIFFERS: jib: classes",
		"Both layers differ: ko: go build output and kodata, on both platforms":      "BOTH LAYERS DIFFER: ko: go build output AND kodata, ON BOTH PLATFORMS",
		"Same image, different manifest: the annotation a (only in :b)":              "SAME IMAGE, DIFFERENT MANIFEST: THE ANNOTATION a (ONLY IN :b)",
		"Same recipe, other files from step 4 on":                                    "SAME RECIPE, OTHER FILES FROM STEP 4 ON",
	} {
		if got := upperHeadline(safe.Clean(in)).String(); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}
