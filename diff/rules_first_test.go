package diff

import (
	"testing"

	"github.com/tagdiff/tagdiff/model"
)

func firstCases(t *testing.T) []ruleCase {
	t.Helper()
	amd, arm := forArch("amd64"), forArch("arm64")
	list := func(tag string, builds ...build) model.Artifact {
		var entries []model.Entry
		for _, b := range builds {
			entries = append(entries, entry(b.image(t)))
		}
		return index(t, tag, entries...)
	}
	orphan := receipt(entry(arm.image(t)))
	few := app().image(t)
	few.Config.History = few.Config.History[:1]
	few = model.NewImage(few.Manifest, few.Config)
	twinless := app(does("WORKDIR /a", nothing), does("RUN b", nothing))
	twin := app(does("WORKDIR /a", nothing.packed("old")), does("RUN b", nothing.packed("old")))
	packed := app(does("COPY x /", files("x").packed("zstd")), does("WORKDIR /a", nothing.packed("old")))
	plain := app(does("COPY x /", files("x")), does("WORKDIR /a", nothing))
	const mb = 1_000_000
	return []ruleCase{
		{"two empty layers, two packings", pairOf(t, twinless, twin), "A4", 0, "Steps 4 and 5 are empty on both sides", 4},
		{"two empty layers, one packing", pairOf(t, twinless, app(does("WORKDIR /a", nothing), does("RUN c", nothing))), "A4", -1, "", 0},
		{"empty on one side only", pairOf(t, twin, app(does("WORKDIR /a", files("x")), does("RUN b", nothing.packed("old")))), "A4", -1, "", 0},

		{"a real layer packed again", pairOf(t, plain, packed), "A3", 1, "2 layers (steps 4 and 5) were compressed again", 4},
		{"only empty layers packed again", pairOf(t, twinless, twin), "A3", -1, "", 0},
		{"packed again in another image", pairOf(t, plain, app(does("COPY x /", files("x").packed("zstd")), does("WORKDIR /a", nothing), sets("USER x"))), "A3", -1, "", 0},

		{"an index around the image", Compare(single("a", amd.image(t)), list("b", amd)), "A9", 1, ":b is an index with a single image in it; that image is exactly :a", 2},
		{"an index around another image", Compare(single("a", amd.image(t)), list("b", forArch("amd64", sets("USER x")))), "A9", -1, "", 0},
		{"an index of two", Compare(single("a", amd.image(t)), list("b", amd, arm)), "A9", -1, "", 0},

		{"flattened", Compare(list("a", amd, arm), single("b", arm.image(t))), "A10", 3, ":a serves 2 platforms, :b only linux/arm64", 2},
		{"the other way round", Compare(single("a", arm.image(t)), list("b", amd, arm)), "A10", 1, ":a is the linux/arm64 image of :b", 2},
		{"one platform, but another build", Compare(list("a", amd, arm), single("b", forArch("arm64", sets("USER x")).image(t))), "A10", -1, "", 0},

		{"a platform lost", Compare(list("a", amd, arm), list("b", amd)), "C1", 3, "linux/arm64 was there in :a and is gone in :b", 1},
		{"lost by flattening, which says so", Compare(list("a", amd, arm), single("b", amd.image(t))), "C1", -1, "", 0},
		{"the same platforms in another order", Compare(list("a", amd, arm), list("b", arm, amd)), "C1", -1, "", 0},
		{"a platform gained", Compare(list("a", amd), list("b", amd, arm)), "C2", 0, "linux/arm64 is new in :b", 1},
		{"no platform gained", Compare(list("a", amd, arm), list("b", amd)), "C2", -1, "", 0},

		{"called arm64, says amd64", Describe(index(t, "a", labelled(entry(amd.image(t)), "linux", "arm64", ""))), "C3", 3, ":a lists it as linux/arm64, the image inside says linux/amd64", 1},
		{"called v6, says v7", Describe(index(t, "a", labelled(entry(withVariant("v7").image(t)), "linux", "arm", "v6"))), "C3", 3, "linux/arm/v6", 1},
		{"called v6, says no variant", Describe(index(t, "a", labelled(entry(forArch("arm").image(t)), "linux", "arm", "v6"))), "C3", -1, "", 0},
		{"called arm64/v8, says arm64", Describe(index(t, "a", labelled(entry(arm.image(t)), "linux", "arm64", "v8"))), "C3", -1, "", 0},

		{"a borrowed base", Describe(index(t, "a", onBase(t, "amd64", "x", 2*mb), onBase(t, "arm64", "x", 2*mb))), "C4", 3, "In :a, linux/amd64 and linux/arm64 start from the same bytes (the first layer, 2.0 MB)", 2},
		{"borrowed on both sides", Compare(index(t, "a", onBase(t, "amd64", "x", 2*mb), onBase(t, "arm64", "x", 2*mb)),
			index(t, "b", onBase(t, "arm64", "x", 2*mb), onBase(t, "amd64", "x", 2*mb), receipt(onBase(t, "amd64", "x", mb)))), "C4", 3, "In :a and :b, linux/amd64 and linux/arm64", 4},
		{"a small first layer on purpose", Describe(index(t, "a", onBase(t, "amd64", "x", mb/2), onBase(t, "arm64", "x", mb/2))), "C4", -1, "", 0},
		{"bases of their own", Describe(index(t, "a", onBase(t, "amd64", "x", 2*mb), onBase(t, "arm64", "y", 2*mb))), "C4", -1, "", 0},
		{"two variants of one machine", Describe(index(t, "a", labelled(onBase(t, "arm", "x", 2*mb), "linux", "arm", "v6"), labelled(onBase(t, "arm", "x", 2*mb), "linux", "arm", "v7"))), "C4", -1, "", 0},

		{"two entries for one platform", Describe(list("a", amd, arm, forArch("amd64", sets("USER x")))), "C7", 2, "Two entries of :a claim linux/amd64", 2},
		{"the same entry twice", Describe(list("a", amd, arm, amd)), "C7", -1, "", 0},

		{"a receipt", Describe(index(t, "a", entry(amd.image(t)), receipt(entry(amd.image(t))))), "C6", 0, "receipts of the build", 1},
		{"an orphan receipt", Describe(index(t, "a", entry(amd.image(t)), orphan)), "C6", 1, "about an image that is not in the list", 1},
		{"no receipt", Describe(list("a", amd)), "C6", -1, "", 0},

		{"the same COPY twice", Describe(single("a", app(does("COPY x /", files("x")), does("COPY x /", files("x"))).image(t))), "D3", 1, "In :a, steps 4 and 5 hold the same 1.0 kB", 2},
		{"two instructions, the same files", Describe(single("a", app(does("COPY x /", files("x")), does("RUN y", files("x"))).image(t))), "D3", 2, "twice", 2},
		{"twice the same nothing", Describe(single("a", app(does("RUN x", nothing), does("RUN x", nothing)).image(t))), "D3", -1, "", 0},
		{"repeated alike on both sides", pairOf(t, app(does("COPY x /", files("x")), does("COPY x /", files("x"))), app(does("COPY x /", files("x")), does("COPY x /", files("x")), sets("USER x"))), "D3", 1, "In :a and :b, steps 4 and 5 hold", 4},

		{"a history that is too short", Describe(single("a", few)), "D7", 1, "tells of 1 step with files, but it has 2", 1},
		{"a history that fits", Describe(single("a", app().image(t))), "D7", -1, "", 0},
	}
}
