// Goroutines over several threads, channels, allocation and garbage collection.
// Prints the same anywhere.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
package main

import (
	"fmt"
	"os"
	"runtime"
	"sort"
	"strings"
	"sync"
	"time"
)

func work(id int, out chan<- int) {
	sum := 0
	kept := map[int]string{}
	for i := 0; i < 300; i++ {
		b := make([]byte, 10000+i)
		b[i] = byte(id)
		sum += int(b[i])
		kept[i%10] = strings.Repeat("x", i)
		if i%50 == 0 {
			runtime.Gosched()
		}
	}
	out <- sum + len(kept[9])
}

func main() {
	runtime.GOMAXPROCS(4)
	out := make(chan int)
	for id := 0; id < 8; id++ {
		go work(id, out)
	}
	var sums []int
	for range [8]int{} {
		sums = append(sums, <-out)
	}
	sort.Ints(sums)
	fmt.Println("sums", sums)

	// Threads that are bound to goroutines.
	var group sync.WaitGroup
	var mutex sync.Mutex
	count := 0
	for id := 0; id < 6; id++ {
		group.Add(1)
		go func() {
			defer group.Done()
			runtime.LockOSThread()
			for i := 0; i < 100; i++ {
				mutex.Lock()
				count++
				mutex.Unlock()
			}
			time.Sleep(time.Millisecond)
		}()
	}
	group.Wait()
	fmt.Println("count", count)

	func() {
		defer func() { fmt.Println("recovered:", recover()) }()
		var p *int
		*p = 1 // a SIGSEGV that Go turns into a panic
	}()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	fmt.Println("collected", stats.NumGC > 0, "arguments", len(os.Args))
}
