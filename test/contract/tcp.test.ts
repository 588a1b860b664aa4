// The contracts over tcp:// within one thread.
import { wireContract } from './wire-contract.ts'

wireContract('tcp')
