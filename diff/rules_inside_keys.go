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

// keyFileNames are names of files that hold keys or passwords, and keyFilePaths ends of paths. Those of a private key
// count whatever is in the file: a passphrase may encrypt it.
var (
	keyFileNames = []string{
		"id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", ".env", ".netrc", ".git-credentials", ".npmrc", ".pypirc", ".pgpass", ".vault-token",
		"kubeconfig", "privkey.pem", "key.pem", "server.key", "private.key",
	}
	keyFilePaths = []string{
		".aws/credentials", ".docker/config.json", ".git/config", ".kube/config", ".config/gcloud/application_default_credentials.json",
	}
	// notSecretEnv are ends of ".env." of files that hold no values, or encrypted ones.
	notSecretEnv = []string{"example", "sample", "template", "tmpl", "tpl", "dist", "defaults", "schema", "test", "ci", "vault", "md", "j2"}
	// sampleFolders hold examples and tests.
	sampleFolders = []string{
		"test", "tests", "testdata", "testing", "example", "examples", "sample", "samples", "fixtures", "doc", "docs",
		"node_modules", "site-packages", "dist-packages", "mod", "gems",
	}
)

// isKeyFile reports whether a path is that of a file with a key or a password.
func isKeyFile(p string) bool {
	name := path.Base(p)
	if of, isEnv := strings.CutPrefix(name, ".env."); isEnv {
		parts := strings.Split(of, ".") // as "production.example"
		return !slices.ContainsFunc(parts, func(part string) bool { return slices.Contains(notSecretEnv, part) })
	}
	return slices.Contains(keyFileNames, name) ||
		slices.ContainsFunc(keyFilePaths, func(end string) bool { return p == end || strings.HasSuffix(p, "/"+end) })
}

// isSample reports whether a path is in a folder of examples, tests, documentation, or of a package of a language.
func isSample(p string) bool {
	folders := strings.Split(path.Dir(p), "/")
	return slices.ContainsFunc(folders, func(f string) bool { return slices.Contains(sampleFolders, f) })
}

// fate is what newer steps do with a file.
type fate struct {
	how  inside.WasteKind // 0 if it stays
	step int              // the displayed number of the first step that deletes or replaces it
}

// fateOf returns what the first of some newer steps does with a path that hides it.
func fateOf(newer []readStep, p string) fate {
	for _, r := range newer {
		if how := hidesPath(r.Files, p); how != 0 {
			return fate{how, r.Index + 1}
		}
	}
	return fate{}
}

// verb is "deleted" or "replaced", "" if the file stays.
func (f fate) verb() string {
	switch f.how {
	case inside.Deleted:
		return "deleted"
	case inside.Replaced:
		return "replaced"
	}
	return ""
}

// isFilled reports whether an entry is a file with content, or a hard link of one in its layer.
func (r readStep) isFilled(e inside.Entry) bool {
	file, ok := r.Files.Resolve(e)
	return ok && file.Kind == inside.File && file.Size > 0
}

// holdsPrivateKey reports whether the text of a file, or of a hard link of one in its layer, is a private key.
func (r readStep) holdsPrivateKey(e inside.Entry) bool {
	if len(r.PrivateKeys) == 0 {
		return false
	}
	file, ok := r.Files.Resolve(e)
	return ok && file.Kind == inside.File && slices.Contains(r.PrivateKeys, file.Sum)
}

// secrets are files of one step that newer steps treat alike.
type secrets struct {
	isKey bool // by what is in them, else by their names
	fate
}

// secretFiles (H17): files that hold a private key, or whose names say that they hold a secret, by what newer steps
// do with them. What H18 says of keys of machines is not said again.
func secretFiles(s sideOf) []Finding {
	steps := s.readSteps()
	var found []Finding
	for i, r := range steps {
		var groups []secrets
		paths := map[secrets][]string{}
		for e := range r.Files.All() {
			isKey := r.holdsPrivateKey(e)
			if !isKey && !(isKeyFile(e.Path) && r.isFilled(e)) || isSample(e.Path) || r.isOneOfAMachine(e) {
				continue
			}
			of := secrets{isKey, fateOf(steps[i+1:], e.Path)}
			groups, paths[of] = appendNew(groups, of), append(paths[of], e.Path)
		}
		for _, of := range groups {
			found = append(found, s.secretFiles(r, of, paths[of]))
		}
	}
	return found
}

// secretFiles is the finding of files in a step.
func (s sideOf) secretFiles(r readStep, of secrets, paths []string) Finding {
	n := len(paths)
	f := Finding{Severity: 2, Evidence: stepEvidence(s.side, []model.Step{r.Step})}
	still := ""
	if verb := of.verb(); verb != "" {
		still = fmt.Sprintf(", and %s in step %d: everyone that can pull the image can still read %s", verb, of.step, byNumber(n, "it", "them"))
	}
	if !of.isKey {
		f.Rests = on(Heuristic)
		f.Text = safe.Sprintf("In %s, %s %s in step %d%s. By %s may hold %s.", s.name, firstPaths(paths), isAre(n), r.Index+1, still,
			byNumber(n, "its name, it", "their names, they"), byNumber(n, "a key or a password", "keys or passwords"))
		f.Next = safe.Sprintf("Look at %s, change what is secret, and use RUN --mount=type=secret", byNumber(n, "the file", "the files"))
		return f
	}
	if still == "" {
		still = ": everyone that can pull the image can read " + byNumber(n, "it", "them")
	}
	f.Severity, f.Rests, f.Check = 3, r.layerRest(), s.layerCheck(r.Step)
	f.Text = safe.Sprintf("In %s, %s %s %s in step %d%s.", s.name, byNumber(n, "the private key", "the private keys"), firstPaths(paths),
		isAre(n), r.Index+1, still)
	f.Next = safe.Sprintf("Make %s, and use RUN --mount=type=secret, or give %s to the container when it starts",
		byNumber(n, "another key", "other keys"), byNumber(n, "it", "them"))
	f.Proof = []safe.Text{safe.Sprintf("the text of %s begins a private key that no passphrase encrypts", firstPaths(paths))}
	return f
}

// machineIDs are files with the ID of a machine, and machineKeys those with keys of one.
var (
	machineIDs  = []string{"etc/machine-id", "var/lib/dbus/machine-id"}
	machineKeys = []string{"etc/ssh/ssh_host_*_key", "etc/ssl/private/ssl-cert-snakeoil.key"}
)

// isOneOfAMachine reports whether an entry is a file that each machine should have for itself. An ID has 32
// digits, or 36 characters as a UUID, and maybe the end of its line: systemd makes one in place of other
// content, as "uninitialized" (systemd, machine-id(5)).
func (r readStep) isOneOfAMachine(e inside.Entry) bool {
	if slices.Contains(machineIDs, e.Path) {
		file, _ := r.Files.Resolve(e)
		return file.Kind == inside.File && slices.Contains([]int64{32, 33, 36, 37}, file.Size)
	}
	return r.isFilled(e) && slices.ContainsFunc(machineKeys, func(pattern string) bool {
		isKey, _ := path.Match(pattern, e.Path)
		return isKey
	})
}

// sameKeysEverywhere (H18): keys that should differ in each container, and that no newer step deletes or
// replaces.
func sameKeysEverywhere(s sideOf) []Finding {
	steps := s.readSteps()
	var found []Finding
	for i, r := range steps {
		var keys []string
		for e := range r.Files.All() {
			if r.isOneOfAMachine(e) && fateOf(steps[i+1:], e.Path).how == 0 {
				keys = append(keys, e.Path)
			}
		}
		if len(keys) == 0 {
			continue
		}
		f := Finding{
			Severity: 2, Rests: r.layerRest(), Evidence: stepEvidence(s.side, []model.Step{r.Step}),
			Text: safe.Sprintf("In %s, step %d ships %s: all containers have the same, unless they make their own when they start.",
				s.name, r.Index+1, firstPaths(keys)),
			Next: safe.Const("Delete them in the same RUN, and make them when a container starts"),
		}
		if unread := s.unreadAfter(r.Index); len(unread) > 0 {
			f.Rests = append(f.Rests, Structure)
			f.Text = safe.Sprintf("In %s, step %d ships %s: all containers have the same, unless they make their own when they start, or %s, "+
				"which %s not read, %s them.", s.name, r.Index+1, firstPaths(keys), stepsText(unread),
				byNumber(len(unread), "was", "were"), byNumber(len(unread), "removes", "remove"))
		}
		found = append(found, f)
	}
	return found
}

// unreadAfter returns the indexes of the steps after one whose layers were not read to their ends.
func (s sideOf) unreadAfter(index int) []int {
	return stepIndexes(matching(s.img.Steps, func(st model.Step) bool {
		l := s.inside.Layers[st.Layer.Digest]
		return st.Index > index && st.HasLayer && !st.Empty && (l == nil || isCut(l))
	}))
}
