package files

import (
	"os"
	"path/filepath"
	"runtime"

	"github.com/adrg/xdg"
)

// StateFolder returns the folder where the program keeps its state, "" if there
// is none.
func StateFolder() string { return appFolder(xdg.StateHome, "XDG_STATE_HOME") }

// CacheFolder returns the folder where the program keeps its cache, "" if there
// is none.
func CacheFolder() string { return appFolder(xdg.CacheHome, "XDG_CACHE_HOME") }

// ConfigFolder returns the folder of the program's config file, "" if there is
// none.
func ConfigFolder() string { return appFolder(xdg.ConfigHome, "XDG_CONFIG_HOME") }

// appFolder returns the program's folder in a base directory, "" if there is no
// home. A service may run without HOME; the base directory is then below "/",
// where files are unexpected.
func appFolder(base, variable string) string {
	if runtime.GOOS != "windows" && os.Getenv("HOME") == "" && os.Getenv(variable) == "" {
		return ""
	}
	return filepath.Join(base, "tagdiff")
}

// Join returns the path of name in folder, "" if folder is "".
func Join(folder string, name string) string {
	if folder == "" {
		return ""
	}
	return filepath.Join(folder, name)
}
