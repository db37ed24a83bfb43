/** Importing this gives `expect` the matchers of CDKTF. */

import { Testing } from "cdktf";
import "cdktf/lib/testing/adapters/jest"; // the types of the matchers

Testing.setupJest();
