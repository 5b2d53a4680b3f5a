package files

import (
	"os"
	"path/filepath"
	"runtime"

	"github.com/adrg/xdg"
)

// StateFolder and CacheFolder are where the program keeps what it keeps, "" for
// nowhere.
func StateFolder() string { return ownFolder(xdg.StateHome, "XDG_STATE_HOME") }
func CacheFolder() string { return ownFolder(xdg.CacheHome, "XDG_CACHE_HOME") }

// ownFolder is the program's folder in a base directory. Without a home, as
// services may run, base directories are below "/", where nobody looks for them.
func ownFolder(base, variable string) string {
	if runtime.GOOS != "windows" && os.Getenv("HOME") == "" && os.Getenv(variable) == "" {
		return ""
	}
	return filepath.Join(base, "tagdiff")
}

// Within is a file or folder in one of these, "" if that is nowhere.
func Within(folder string, name string) string {
	if folder == "" {
		return ""
	}
	return filepath.Join(folder, name)
}
