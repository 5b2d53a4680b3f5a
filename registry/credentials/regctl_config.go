package credentials

import (
	"os"
	"path/filepath"
)

// regctlConfigPath is where regctl keeps its settings: regctl config --help.
func regctlConfigPath() string {
	if f := os.Getenv("REGCTL_CONFIG"); f != "" {
		return f
	}
	home, _ := os.UserHomeDir()
	if f := filepath.Join(xdgConfigHome(home), "regctl", "config.json"); fileExists(f) {
		return f
	}
	return filepath.Join(home, ".regctl", "config.json")
}
