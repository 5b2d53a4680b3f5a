//go:build !unix || aix || solaris

package crash

// RunMonitor does nothing: there is no monitor on this system.
func RunMonitor(dir, version string) {}

func startMonitor() (end func()) { return func() {} }
