// Command tagdiff answers whether two tags of a container registry are the
// same image, and if not, what differs and why.
package main

import (
	"os"

	"github.com/tagdiff/tagdiff/ui/command"
)

// Set by the linker in releases.
var (
	version = ""
	commit  = ""
)

func main() { os.Exit(command.Main(version, commit)) }
