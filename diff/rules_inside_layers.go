package diff

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/safe"
)

// readStep is a step of an image whose layer was read.
type readStep struct {
	model.Step
	*inside.Layer
}

// readSteps returns the steps of a side whose layers were read, the oldest first.
func (s sideOf) readSteps() []readStep {
	if s.inside == nil {
		return nil
	}
	var all []readStep
	for _, st := range s.img.Steps {
		if l := s.inside.Layers[st.Layer.Digest]; st.HasLayer && l != nil {
			all = append(all, readStep{st, l})
		}
	}
	return all
}

// layerRest is the evidence for what a layer holds.
func (r readStep) layerRest() []Ground {
	if isVerified(&r.Step, r.Layer) {
		return on(Hashed)
	}
	return on(Hashed, Claimed)
}

// firstPaths names the first paths of several.
func firstPaths(paths []string) string {
	const most = 3
	quotedPaths := mapped(paths[:min(len(paths), most)], quoted)
	if more := len(paths) - most; more > 0 {
		return strings.Join(quotedPaths, ", ") + " and " + countText(more) + " more"
	}
	return list(quotedPaths)
}

// linkBecameFolder (H13): a layer has a folder at the path of a link of a layer below it.
func linkBecameFolder(s sideOf) []Finding {
	type link struct {
		step   int
		target string
	}
	links := map[string]link{}
	var found []Finding
	for _, r := range s.readSteps() {
		for e := range r.Files.All() {
			below, ok := links[e.Path]
			if !ok || e.Kind == inside.Symlink {
				continue
			}
			delete(links, e.Path)
			if e.Kind != inside.Folder {
				continue
			}
			found = append(found, Finding{
				Severity: 3, Rests: r.layerRest(), Evidence: stepEvidence(s.side, []model.Step{r.Step}),
				Text: safe.Sprintf("In %s, step %d turns the link %s of step %d into a folder: what is in %s is gone from %s.", s.name,
					r.Index+1, quoted(e.Path), below.step+1, quoted(below.target), quoted(e.Path)),
				Lead: safe.Sprintf("step %d of %s hides what was behind the link %s", r.Index+1, s.name, quoted(e.Path)),
				Next: safe.Sprintf("Write the files to %s, where the link leads", quoted(below.target)),
				Proof: []safe.Text{
					safe.Sprintf("step %d: %s → %s", below.step+1, quoted(e.Path), quoted(below.target)),
					safe.Sprintf("step %d: %s is a folder", r.Index+1, quoted(e.Path)),
				},
			})
		}
		for e := range r.Files.All() {
			switch e.Kind {
			case inside.Symlink:
				links[e.Path] = link{r.Index, e.Link}
			case inside.Whiteout:
				delete(links, e.Path)
			}
		}
	}
	return found
}

// notEveryRuntimeUnpacks (H14): an archive with what runtimes treat in different ways.
func notEveryRuntimeUnpacks(s sideOf) []Finding {
	var found []Finding
	for _, r := range s.readSteps() {
		kinds := []struct {
			paths []string
			text  string
		}{
			{r.Remarks.Repeated, "has two entries for %s. Docker with its classic store refuses such a layer; containerd takes the last one"},
			{r.Remarks.Escaping, "has names that leave the root (%s). Docker refuses such a layer, containerd keeps it below the root"},
			{r.Remarks.DeletedAndGiven, "has and also deletes %s. What is left depends on the runtime"},
		}
		for _, k := range kinds {
			if len(k.paths) == 0 {
				continue
			}
			found = append(found, Finding{
				Severity: 2, Rests: r.layerRest(), Evidence: stepEvidence(s.side, []model.Step{r.Step}),
				Text: safe.Sprintf("In %s, the layer of step %d %s.", s.name, r.Index+1, fmt.Sprintf(k.text, firstPaths(k.paths))),
				Next: safe.Const("Build the layer with another tool"), Check: s.layerCheck(r.Step),
				Proof: []safe.Text{safe.Sprintf("%s in the archive of step %d", plural(len(k.paths), "such path"), r.Index+1)},
			})
		}
	}
	return found
}

// twoTruths (H15): a table of contents and the archive of its layer disagree.
func twoTruths(s sideOf) []Finding {
	var found []Finding
	for _, r := range s.readSteps() {
		if len(r.TOCDiffers) == 0 || !r.HasTOC(r.Step.Layer) {
			continue
		}
		found = append(found, Finding{
			Severity: 3, Rests: r.layerRest(), Evidence: stepEvidence(s.side, []model.Step{r.Step}), Check: s.layerCheck(r.Step),
			Text: safe.Sprintf("In %s, the table of contents of step %d's layer and the archive disagree about %s: %s. Runtimes that load files by "+
				"the table (podman, stargz-snapshotter) see other files than Docker.", s.name, r.Index+1, plural(len(r.TOCDiffers), "path"),
				firstPaths(r.TOCDiffers)),
			Lead: safe.Sprintf("the layer of step %d of %s holds two versions of %s", r.Index+1, s.name, quoted(r.TOCDiffers[0])),
			Next: safe.Const("Do not run the image before you know the tool that wrote the layer. Build or convert it again"),
			Proof: []safe.Text{safe.Sprintf("%s in the table of contents and in the archive of step %d",
				plural(len(r.TOCDiffers), "path")+byNumber(len(r.TOCDiffers), " differs", " differ"), r.Index+1)},
		})
	}
	return found
}

// leastWaste is the sum of sizes from which deleted and replaced files are worth a finding.
const leastWaste = 1_000_000

// deletedButShipped (H16): a layer deletes or replaces files of a layer below it.
func deletedButShipped(s sideOf) []Finding {
	steps := s.readSteps()
	var found []Finding
	for i, r := range steps {
		bytes, files, first := shippedBelow(steps[:i], r)
		if bytes < leastWaste {
			continue
		}
		found = append(found, Finding{
			Severity: 1, Rests: r.layerRest(), Evidence: stepEvidence(s.side, []model.Step{first.Step, r.Step}),
			Text: safe.Sprintf("In %s, step %d deletes or replaces %s (%s) that step %d ships. They stay in the image.", s.name, r.Index+1,
				plural(files, "file"), bytesText(bytes), first.Index+1),
			Next: safe.Const("Delete files in the RUN that makes them, or leave them out with several stages"),
		})
	}
	return found
}

// shippedBelow sums up the files of lower layers that a layer deletes or replaces. first is the layer
// that ships most of them.
func shippedBelow(below []readStep, r readStep) (bytes int64, files int, first readStep) {
	gone, opaque := map[string]bool{}, map[string]bool{}
	for e := range r.Files.All() {
		switch e.Kind {
		case inside.Whiteout, inside.File, inside.Hardlink, inside.Symlink:
			gone[e.Path] = true
		case inside.OpaqueFolder:
			opaque[e.Path] = true
		}
	}
	var most int64
	for _, b := range slices.Backward(below) {
		var sum int64
		for e := range b.Files.All() {
			if e.Kind == inside.File && isGone(e.Path, gone, opaque) {
				sum, files = sum+e.Size, files+1
			}
		}
		if bytes += sum; sum > most {
			most, first = sum, b
		}
	}
	return bytes, files, first
}

// isGone reports whether a path is deleted or replaced, or a folder above it.
func isGone(p string, gone, opaque map[string]bool) bool {
	if gone[p] {
		return true
	}
	for p != "" {
		if p = parentOf(p); gone[p] || opaque[p] {
			return true
		}
	}
	return false
}

// parentOf is the folder of a path, "" for the root.
func parentOf(p string) string {
	if i := strings.LastIndexByte(p, '/'); i >= 0 {
		return p[:i]
	}
	return ""
}

// keyFileNames are names of files that hold keys or passwords, and keyFilePaths ends of paths.
var (
	keyFileNames = []string{
		"id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", ".env", ".netrc", ".git-credentials", ".npmrc", ".pypirc", "kubeconfig", "privkey.pem",
		"key.pem", "server.key", "private.key",
	}
	keyFilePaths = []string{".aws/credentials", ".docker/config.json", ".kube/config", ".config/gcloud/application_default_credentials.json"}
	// sampleFolders hold examples and tests.
	sampleFolders = []string{
		"test", "tests", "testdata", "testing", "example", "examples", "sample", "samples", "fixtures", "doc", "docs",
		"node_modules", "site-packages", "dist-packages", "mod", "gems",
	}
)

// isKeyFile reports whether a path is that of a file with a key or a password.
func isKeyFile(p string) bool {
	folders := strings.Split(path.Dir(p), "/")
	if slices.ContainsFunc(folders, func(f string) bool { return slices.Contains(sampleFolders, f) }) {
		return false
	}
	return slices.Contains(keyFileNames, path.Base(p)) ||
		slices.ContainsFunc(keyFilePaths, func(end string) bool { return p == end || strings.HasSuffix(p, "/"+end) })
}

// secretFiles (H17): files whose names say that they hold a secret.
func secretFiles(s sideOf) []Finding {
	steps := s.readSteps()
	var found []Finding
	for i, r := range steps {
		var paths []string
		for e := range r.Files.All() {
			if e.Kind == inside.File && e.Size > 0 && isKeyFile(e.Path) {
				paths = append(paths, e.Path)
			}
		}
		if len(paths) == 0 {
			continue
		}
		deleted := ""
		if by := deletedBy(steps[i+1:], paths[0]); by > 0 {
			deleted = fmt.Sprintf(", and deleted in step %d: everyone that can pull the image can still read it", by)
		}
		found = append(found, Finding{
			Severity: 2, Rests: on(Heuristic), Evidence: stepEvidence(s.side, []model.Step{r.Step}),
			Text: safe.Sprintf("In %s, %s %s in step %d%s. By the name it may hold a key or a password.", s.name, firstPaths(paths),
				isAre(len(paths)), r.Index+1, deleted),
			Next: safe.Const("Look at the file. If it holds a secret, change the secret, and use RUN --mount=type=secret"),
		})
	}
	return found
}

// deletedBy returns the displayed number of the first of some steps that deletes a path, 0 for none.
func deletedBy(steps []readStep, p string) int {
	for _, r := range steps {
		gone, opaque := map[string]bool{}, map[string]bool{}
		for e := range r.Files.All() {
			switch e.Kind {
			case inside.Whiteout:
				gone[e.Path] = true
			case inside.OpaqueFolder:
				opaque[e.Path] = true
			}
		}
		if isGone(p, gone, opaque) {
			return r.Index + 1
		}
	}
	return 0
}

// sameKeysEverywhere (H18): keys that should differ in each container.
func sameKeysEverywhere(s sideOf) []Finding {
	steps := s.readSteps()
	var found []Finding
	for i, r := range steps {
		var keys []string
		for e := range r.Files.All() {
			isKey, _ := path.Match("etc/ssh/ssh_host_*_key", e.Path)
			if e.Kind == inside.File && e.Size > 0 && (isKey || e.Path == "etc/machine-id") && deletedBy(steps[i+1:], e.Path) == 0 {
				keys = append(keys, e.Path)
			}
		}
		if len(keys) == 0 {
			continue
		}
		found = append(found, Finding{
			Severity: 2, Rests: r.layerRest(), Evidence: stepEvidence(s.side, []model.Step{r.Step}),
			Text: safe.Sprintf("In %s, step %d ships %s: all containers have the same, unless they make their own when they start.",
				s.name, r.Index+1, firstPaths(keys)),
			Next: safe.Const("Delete them in the same RUN, and make them when a container starts"),
		})
	}
	return found
}

// hiddenData (H21): bytes after the end of an archive.
func hiddenData(s sideOf) []Finding {
	var found []Finding
	for _, r := range s.readSteps() {
		if r.Remarks.Hidden == 0 {
			continue
		}
		found = append(found, Finding{
			Severity: 1, Rests: r.layerRest(), Evidence: stepEvidence(s.side, []model.Step{r.Step}), Check: s.layerCheck(r.Step),
			Text: safe.Sprintf("In %s, %s bytes follow the end of the archive of step %d. Runtimes ignore them.", s.name,
				countText(int(r.Remarks.Hidden)), r.Index+1),
			Next: safe.Const("Look at them if you do not know the tool that built the image"),
		})
	}
	return found
}
