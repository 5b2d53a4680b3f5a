//go:build !unix || aix || solaris

package crash

// RunMonitor does nothing: this system has no monitor.
func RunMonitor(dir, version string) {}

func startMonitor() (end func()) { return func() {} }
