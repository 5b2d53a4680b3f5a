package compare

import (
	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model/safe"
)

// shellCommand returns a shell command with the flags that these registries need.
func (v view) shellCommand(t safe.Text) safe.Text {
	if v.crane != "crane" {
		return diff.Insecure(t)
	}
	return t
}

// layerCommand returns the command that proves the diff_ids of a row. A row without
// layers is proved by the config.
func (v view) layerCommand(r diff.Row) safe.Text {
	if command := v.cmp.LayerCheck(r); !command.IsEmpty() {
		return v.shellCommand(command)
	}
	return v.configCommand(".")
}

// configCommand returns the command that shows the result of a jq query on the configs
// of the pair in view, or the manifests if a side is schema1.
func (v view) configCommand(jq string) safe.Text {
	if command := v.cmp.ConfigCheck(v.pair, jq); !command.IsEmpty() {
		return v.shellCommand(command)
	}
	return v.manifestCommand(v.pair)
}

// manifestCommand returns the command that shows the manifests of a pair.
func (v view) manifestCommand(p diff.Pair) safe.Text {
	return v.shellCommand(v.cmp.ManifestCheck(p, "."))
}

// topCommand returns the command that shows the top manifests.
func (v view) topCommand() safe.Text { return v.shellCommand(v.cmp.TopCheck()) }
