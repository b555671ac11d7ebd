package main

import (
	"fmt"
	"os"
	"strconv"

	"github.com/eddystream/eddy/integration/faults"
)

func main() {
	from, _ := strconv.Atoi(os.Args[1])
	to, _ := strconv.Atoi(os.Args[2])
	for i := from; i <= to; i++ {
		fmt.Println(faults.Draw(uint64(i)))
	}
}
